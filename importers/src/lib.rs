//! Survey files in, checked changesets out.
