package app

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

func TestTheProgramsFileIsGivenBack(t *testing.T) {
	before := fileKilobytes(t)
	if err := giveBack(); err != nil {
		t.Fatal(err)
	}
	if after := fileKilobytes(t); after > before*3/4 {
		t.Errorf("%d kB of the program's file were in memory, and %d kB still are", before, after)
	}
	// What was given back comes again.
	if got := strings.Repeat("again ", 2); got != "again again " {
		t.Errorf("got %q", got)
	}
}

func fileKilobytes(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "RssFile:")
	n, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return n
}
