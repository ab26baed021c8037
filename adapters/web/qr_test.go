package web

import (
	"fmt"
	"strings"
	"testing"

	"rsc.io/qr"
)

func TestTheDrawnCodeIsTheCode(t *testing.T) {
	const text = "otpauth://totp/Sselfie:ada@example.com?issuer=Sselfie&secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
	m, err := drawn(text)
	if err != nil {
		t.Fatal(err)
	}
	want, err := qr.Encode(text, qr.M)
	if err != nil {
		t.Fatal(err)
	}
	if m.Size != want.Size+8 {
		t.Fatalf("%d modules with the margin, want %d", m.Size, want.Size+8)
	}
	black := map[[2]int]bool{}
	for _, run := range strings.Split(strings.TrimSuffix(m.Path, "z"), "z") {
		var x, y, n, back int
		if _, err := fmt.Sscanf(run, "M%d %dh%dv1h-%d", &x, &y, &n, &back); err != nil || n != back {
			t.Fatalf("%q: %v", run, err)
		}
		for i := range n {
			black[[2]int{x + i - 4, y - 4}] = true
		}
	}
	for y := -4; y < want.Size+4; y++ {
		for x := -4; x < want.Size+4; x++ {
			if black[[2]int{x, y}] != want.Black(x, y) {
				t.Fatalf("module %d, %d differs", x, y)
			}
		}
	}
}
