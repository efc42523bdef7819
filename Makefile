# Two commands matter: `make run` and `make test`. Both do their own set-up, say what they do, can be run
# again at no cost, and leave nothing running.

.PHONY: help run test check e2e crash bench clean

help:
	@echo "make run    set up, build, and serve on http://127.0.0.1:8080 with its data in ./data"
	@echo "make test   set up all that the tests need, then run all of them"
	@echo "make check  formatting and lints only"
	@echo "make e2e    the journeys on real programs only (e2e/); make crash: the crash test only"
	@echo "make bench  measure against Alertmanager (bench/README.md)"
	@echo "make clean  remove what was built; ./data stays"

run:
	@scripts/run.sh

test:
	@scripts/test.sh

check:
	@scripts/test.sh check

e2e:
	@scripts/test.sh e2e

crash:
	@scripts/test.sh crash

bench:
	@scripts/bench.sh

clean:
	cargo clean
	rm -rf node_modules crates/web/assets/dist e2e/screenshots .allclear
