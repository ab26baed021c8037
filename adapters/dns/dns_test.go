package dns_test

import (
	"net/netip"
	"testing"

	"sselfie/adapters/dns"
	"sselfie/core/launch"
)

var _ launch.Resolver = (*dns.Resolver)(nil)

// localhost is the one name that every machine knows without asking anybody.
func TestTheOneNameThatEveryMachineKnows(t *testing.T) {
	var r dns.Resolver
	found, err := r.Addresses(t.Context(), "localhost")
	if err != nil || len(found) == 0 || !found[0].IsLoopback() {
		t.Errorf("%v, %v", found, err)
	}
	if found, err = r.Addresses(t.Context(), "192.0.2.1"); err != nil || found[0] != netip.MustParseAddr("192.0.2.1") {
		t.Errorf("%v, %v", found, err)
	}
}
