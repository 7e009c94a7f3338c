# `make demo` shows the sample city, `make test` tests all that is here, `make test-shared` what stands on real files
# of ../shared/data. Each installs what is missing and can be run again.
.PHONY: demo test test-shared bench lint

demo: ; @scripts/demo.sh
test: ; @scripts/test.sh
test-shared: ; @scripts/shared.sh
bench: ; @scripts/bench.sh

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
