# sselfie: see README.md. `make` alone builds bin/sselfie.

GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
FUZZTIME ?= 10s
TOOL    := $(GO) tool -modfile=tools/go.mod
LDFLAGS := -s -w -X sselfie/app.version=$(VERSION)

export CGO_ENABLED = 0

.DEFAULT_GOAL := build
.PHONY: build run test race bench fuzz lint format stripe-mock mail-servers tools-npm spam-score screenshots lighthouse clean \
        soak soak-kill soak-orders soak-spends soak-backup soak-sequences soak-floods soak-timing soak-guards soak-faults soak-fuzz

build: ## the program, one static file
	$(GO) build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o bin/sselfie ./app/sselfie

run: build ## a demo with sample history, on this machine alone; it prints where to look
	SSELFIE_DEMO=true SSELFIE_DEMO_SEED=true bin/sselfie serve

test: ## everything that a commit must pass
	$(GO) test -timeout 20m ./...

race: ## the same under the race detector, which needs a C compiler
	CGO_ENABLED=1 $(GO) test -race -timeout 40m ./...

bench: ## the rows of speed, each beside the limit measured in the same run
	$(GO) test -p 1 -run '^$$' -bench . -timeout 60m ./...

fuzz: ## every fuzz target for FUZZTIME (make fuzz FUZZTIME=10m)
	@set -e; for pkg in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "$$pkg $$target"; \
	    $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$pkg; \
	  done; done

lint: ## format, vet, staticcheck, and a tidy go.mod
	@bad=$$($(TOOL) gofumpt -l $$(git ls-files '*.go' | grep -v /testdata/)); \
	  if [ -n "$$bad" ]; then echo "not formatted (make format):"; echo "$$bad"; exit 1; fi
	$(GO) vet ./...
	$(TOOL) staticcheck ./...
	$(GO) mod tidy -diff

format:
	$(TOOL) gofumpt -w $$(git ls-files '*.go' | grep -v /testdata/)

stripe-mock: ## our parameters against Stripe's description of its API; needs the network once
	cd tools && $(GO) run ./stripemock

tools-npm: ## axe-core and html-validate, for the tests of pages
	npm ci --prefix tools --no-audit --no-fund --ignore-scripts

mail-servers: ## through a real Postfix and Dovecot and back; wants root and Debian's postfix, dovecot-imapd, dovecot-lmtpd
	MAIL_SERVERS=1 $(GO) test -count=1 -timeout 5m -run 'TestThroughRealMailServers' -v ./app

spam-score: ## every letter before spamassassin (Debian's package), at most 1.0 each
	SPAM_SCORE=1 $(GO) test -count=1 -timeout 15m -run 'TestSpamScore' -v ./app

screenshots: ## every page, at both widths and in both schemes, into screenshots/
	SHOTS="$(CURDIR)/screenshots" $(GO) test -count=1 -timeout 20m -run 'TestPagesInABrowser|TestStatesInABrowser' ./app

lighthouse: build ## home, a landing page, the success page: four figures of 95, painted within 1.5 s
	npm ci --prefix tools/lighthouse --no-audit --no-fund --ignore-scripts
	node tools/lighthouse/measure.mjs bin/sselfie

# The long runs of the tests named here: the same code, more of it.
soak: soak-kill soak-orders soak-spends soak-backup soak-sequences soak-floods soak-timing soak-guards soak-faults soak-fuzz

soak-kill: ## 5,000 times kill -9 under load, and 50 runs of a job killed again and again
	SOAK=kill $(GO) test -count=1 -timeout 0 -run 'TestKill' -v ./app/...

soak-orders: ## 100 orders of 2,000 events
	SOAK=orders $(GO) test -count=1 -timeout 0 -run 'Order|Shuffle|Replay' -v ./app/... ./core/billing/...

soak-spends: ## 1,000,000 spends from 64 callers
	SOAK=spends $(GO) test -count=1 -timeout 0 -run 'Spend' -v ./core/credits/... ./adapters/sqlite/... ./app/...

soak-backup: ## 100 backups under load, each restored and verified
	SOAK=backup $(GO) test -count=1 -timeout 0 -run 'Backup|Restore' -v ./adapters/sqlite/... ./app/...

soak-floods: ## forged webhooks for 30 s, 500 slow clients, 10,000 requests for mail
	SOAK=floods $(GO) test -count=1 -timeout 0 -run 'TestAFlood|TestSlowClients' -v ./adapters/web

soak-timing: ## 400 samples each: no answer's time tells who has an account; wants a machine at rest
	SOAK=timing $(GO) test -count=1 -timeout 0 -run 'TestNobodyLearns' -v ./adapters/web

soak-guards: ## takes each guard away, and wants a test to notice
	SOAK=guards $(GO) test -count=1 -timeout 0 -run 'TestGuards' -v ./app

soak-faults: ## fails each write and sync of a webhook once; wants strace
	SOAK=faults $(GO) test -count=1 -timeout 0 -run 'TestAWriteOfAWebhookFails' -v ./app

soak-sequences: ## 400 days of 1,000 customers in 20 time zones: every mail rule for everybody
	SOAK=sequences $(GO) test -count=1 -timeout 0 -run 'EveryMailRule' -v ./core/sequences

soak-fuzz: ## 10 minutes each
	$(MAKE) fuzz FUZZTIME=10m

clean:
	rm -rf bin screenshots tools/node_modules tools/lighthouse/node_modules
