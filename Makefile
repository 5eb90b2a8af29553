# Everything happens in .venv, which is made on first use; it needs python3 with its venv module.
#   make demo BAG=bags/kitchen MODEL=models/other.onnx OUT=out/kitchen
PYTHON ?= python3
BAG ?=
MODEL ?=
OUT ?= out/demo
PYTEST_ARGS ?=

VENV := .venv
# A second generation of ROS; two in one environment would be in each other's way.
KILTED := .venv-kilted
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALL := $(PIP) install -qq -c constraints.txt --no-build-isolation
PACKAGES := fastdepth fastdepth_ros fastdepth_train
# What an editable install copies into .venv/share and .venv/lib instead of linking it.
COPIED := $(shell find package.xml resource launch config models samples -type f 2>/dev/null)

# ROS comes as wheels for this platform alone, and a sourced ROS would mix its libraries with theirs;
# anywhere else a sourced ROS is the only one there is.
ifeq ($(shell uname -sm),Linux x86_64)
ifdef AMENT_PREFIX_PATH
unexport LD_LIBRARY_PATH
endif
unexport AMENT_PREFIX_PATH COLCON_PREFIX_PATH PYTHONPATH RMW_IMPLEMENTATION
unexport _ROS_WHEELS_BOOTSTRAP_COMPLETE
endif

.DEFAULT_GOAL := help
.PHONY: help demo test test-all lint bench soak format clean distclean
.DELETE_ON_ERROR:

help: ## say what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/demo.stamp ## play a bag through the real node (BAG=, MODEL=, OUT=)
	@$(BIN)/fastdepth demo --out '$(OUT)' $(if $(MODEL),--model '$(MODEL)') $(if $(BAG),'$(BAG)')

test: lint ## all checks: lint, types and tests
	@echo "== tests"
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

test-all: test $(KILTED)/stamp ## the same, and the node once more with ROS 2 Kilted
	@echo "== tests of the node with ROS 2 Kilted"
	@$(KILTED)/bin/python -m pytest test/fastdepth_ros $(PYTEST_ARGS)

lint: $(VENV)/all.stamp ## ruff and mypy
	@echo "== lint and types"
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy $(PACKAGES)

bench: $(VENV)/all.stamp ## measure speed, and bring it into README and docs/performance.md
	@mkdir -p out
	@$(BIN)/fastdepth bench --json out/bench.json
	@$(BIN)/python tools/publish_bench.py out/bench.json

soak: $(VENV)/demo.stamp ## half an hour at 30 Hz: nothing grows, nothing is lost (MODEL=)
	@$(BIN)/python tools/soak.py $(if $(MODEL),--model '$(MODEL)')

format: $(VENV)/all.stamp ## lay the code out as the linter wants it
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

clean: ## remove what was built and measured, not .venv
	rm -rf build dist install log out *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find $(PACKAGES) launch test tools -name __pycache__ -type d -exec rm -rf {} +

distclean: clean ## remove .venv too
	rm -rf $(VENV) $(KILTED)

$(VENV)/base.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 15))' 2>/dev/null || { \
	  echo "make: Python 3.10 to 3.14 is needed and $(PYTHON) is $$($(PYTHON) -V 2>&1);" \
	    "name another: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "make: $(PYTHON) has no venv module; on Debian and Ubuntu: apt install python3-venv" >&2; \
	  exit 1; }
	@echo "== making $(VENV) with $$($(PYTHON) -V)"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install -qq -c constraints.txt setuptools wheel
	@touch $@

$(VENV)/demo.stamp: $(VENV)/base.stamp setup.py setup.cfg constraints.txt $(COPIED)
	@echo "== installing the core and ROS 2 from wheels into $(VENV) (under a minute, 0.5 GB)"
	@$(INSTALL) -e '.[ros]'
	@$(BIN)/python -c 'import cv2' 2>/dev/null || { \
	  echo "== no desktop libraries here: taking the OpenCV that needs none"; \
	  $(INSTALL) --force-reinstall --no-deps opencv-python-headless; }
	@touch $@

$(VENV)/all.stamp: $(VENV)/demo.stamp
	@echo "== installing torch and the test tools into $(VENV) (some minutes, 6 GB)"
	@$(INSTALL) -e '.[all]'
	@touch $@

$(KILTED)/stamp: $(VENV)/base.stamp setup.py constraints.txt constraints-kilted.txt
	@echo "== installing the core, ROS 2 Kilted and the test tools into $(KILTED) (0.5 GB)"
	@$(PYTHON) -m venv $(KILTED)
	@grep -v '^ros-' constraints.txt >$(KILTED)/constraints.txt
	@cat constraints-kilted.txt >>$(KILTED)/constraints.txt
	@$(KILTED)/bin/python -m pip --disable-pip-version-check install -qq \
	  -c $(KILTED)/constraints.txt setuptools wheel
	@$(KILTED)/bin/python -m pip --disable-pip-version-check install -qq --no-build-isolation \
	  -c $(KILTED)/constraints.txt -e '.[bags,hdf5,test]' onnx \
	  'ros-rclpy[fastrtps]' ros-sensor-msgs ros-diagnostic-msgs ros-std-srvs
	@touch $@
