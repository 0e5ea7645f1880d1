# `make help` lists what there is.
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

.DEFAULT_GOAL := help
.PHONY: help build run demo test lint fuzz bench cover fmt tidy docker clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-8s %s\n", $$1, $$2 }' Makefile

build: ## the program, static, as ./zummer
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o zummer .

run: ## serve with SQLite in ./zummer.db
	go run . serve

demo: ## a simulated PBX, users and clients; addresses are printed
	go run . demo

test: ## vet and all tests on both databases with -race; installs what is missing
	@scripts/test.sh

lint: ## gofmt, go mod tidy, golangci-lint
	@scripts/lint.sh

fuzz: ## every fuzz target for a minute
	@scripts/fuzz.sh 1m

bench: ## measure, and write docs/benchmarks
	@scripts/with-postgres.sh go run ./clients/bench -all

cover: ## tests with coverage, as cover.html
	@scripts/need.sh chromium curl python3 node npm Xvfb dunst dbus-daemon && export ZUMMER_TEST_CHROMIUM="$$(scripts/chromium.sh)" && scripts/with-postgres.sh go test -coverprofile=cover.out -coverpkg=./... ./... && go tool cover -html=cover.out -o cover.html

fmt: ## format all Go files
	gofmt -w -s .

tidy: ## go.mod and go.sum as the imports want them
	go mod tidy

docker: ## the image zummer:VERSION
	docker build -t zummer:$(VERSION) .

clean: ## remove what was built here (never a database)
	rm -rf zummer dist cover.out cover.html
