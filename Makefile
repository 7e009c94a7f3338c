# `make demo` shows the sample city, `make test` runs every test. Both install what is missing and can be run again.
.PHONY: demo test bench lint

demo: ; @scripts/demo.sh
test: ; @scripts/test.sh
bench: ; @scripts/bench.sh

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
