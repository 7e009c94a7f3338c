//! One suite for all backends: what the trait promises, and what LESSONS says that others broke.

mod equal;
mod kill;
mod preview;
mod random;
mod suite;
mod world;

pub(crate) use random::row;
pub(crate) use world::{World, area, counts, delivery, id, layers, operator, spot};

/// All features of a layer.
pub(crate) async fn all(
    source: &dyn ditu_model::FeatureSource,
    layer: &ditu_model::LayerId,
) -> Vec<ditu_model::Feature> {
    use futures_util::StreamExt;
    let mut stream = source.scan(layer, ditu_model::Query::default()).await.unwrap();
    let mut out = Vec::new();
    while let Some(batch) = stream.batches.next().await {
        out.extend(batch.unwrap());
    }
    out
}

/// Runs each test of the suite on each backend.
macro_rules! backends {
    ($($suite:ident: $($name:ident),* $(,)?);* $(;)?) => {
        mod memory {
            $($(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$suite::$name(super::world::World::memory()).await;
            })*)*
        }
        mod geopackage {
            $($(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$suite::$name(super::world::World::geopackage().await).await;
            })*)*
        }
        mod postgis {
            $($(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$suite::$name(super::world::World::postgis(stringify!($name)).await).await;
            })*)*
        }
    };
}

backends!(
    suite:
    a_commit_is_one_revision_and_its_rows_come_back_as_they_went_in,
    the_same_delivery_again_makes_no_revision,
    a_replacement_keeps_ids_by_key_and_rewrites_only_what_changed,
    rows_without_a_key_are_matched_by_content,
    upsert_removes_nothing_and_append_refuses_a_key_that_is_there,
    an_edit_names_ids_and_is_refused_when_they_do_not_exist,
    a_key_that_appears_twice_is_refused_and_changes_nothing,
    a_delivery_that_fails_half_way_changes_nothing,
    history_diff_and_rollback_agree_at_every_revision,
    changes_since_a_revision_name_each_feature_once_with_all_it_touched,
    a_view_hides_fields_and_cuts_at_its_area_on_every_read,
    only_an_editor_writes_and_only_layers_of_its_view,
    pages_and_boxes_and_ids_narrow_a_scan,
    a_stream_shows_one_snapshot_while_others_write,
    readers_never_wait_for_a_writer_not_even_in_an_empty_layer,
    two_writers_at_once_lose_nothing,
    another_opening_sees_the_head_at_once,
    random_changesets_agree_with_a_plain_map,
    empty_and_odd_values_survive;
    equal:
    a_delivery_of_the_same_with_rounding_makes_no_revision_with_and_without_a_key,
    rings_that_begin_elsewhere_and_run_the_other_way_make_no_revision,
    what_is_the_same_stays_as_it_is_and_small_moves_do_not_add_up_unseen,
    a_changed_value_does_not_move_its_shape_and_a_moved_shape_is_seen,
    a_files_own_rounding_is_no_change_and_what_is_beyond_it_is_one,
    equal_rows_without_a_key_are_matched_one_by_one,
    numbers_are_the_same_however_they_are_written;
    preview:
    a_preview_says_what_the_commit_then_does_and_keeps_nothing,
    a_preview_of_nothing_new_is_empty_and_of_much_is_cut,
    a_preview_that_fails_half_way_or_may_not_write_leaves_all_as_it_was,
    a_delivery_that_would_remove_more_than_allowed_is_refused_and_changes_nothing;
);
