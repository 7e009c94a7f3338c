//! Has the binary built again when what it carries changes: the files' names are read at build time.

fn main() {
    for folder in ["../layers", "../styles", "../web/dist"] {
        println!("cargo::rerun-if-changed={folder}");
    }
}
