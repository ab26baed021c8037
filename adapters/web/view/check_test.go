package view

import (
	"testing"

	"sselfie/static"
)

func TestWhatShipsHasNoMistake(t *testing.T) {
	for _, p := range Check(static.Files, sampleSite()) {
		t.Error(p)
	}
}
