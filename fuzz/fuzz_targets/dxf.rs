#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ditu_importers::fuzzing::dxf_curves(bytes));
