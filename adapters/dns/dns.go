// Package dns asks the resolver of this machine.
package dns

import (
	"context"
	"errors"
	"net"
	"net/netip"
)

// Resolver asks as launch.Resolver wants it; the zero value is ready.
type Resolver struct{ net.Resolver }

// TXT returns the texts of a name, none where there are none.
func (r *Resolver) TXT(ctx context.Context, name string) ([]string, error) {
	found, err := r.LookupTXT(ctx, name)
	return found, missing(err)
}

// Addresses returns the addresses of a host, none where it has none.
func (r *Resolver) Addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	found, err := r.LookupNetIP(ctx, "ip", host)
	for i, addr := range found {
		found[i] = addr.Unmap()
	}
	return found, missing(err)
}

// Names returns what an address is called.
func (r *Resolver) Names(ctx context.Context, addr netip.Addr) ([]string, error) {
	found, err := r.LookupAddr(ctx, addr.String())
	return found, missing(err)
}

// missing turns the error for a name that does not exist into an empty answer.
func missing(err error) error {
	var no *net.DNSError
	if errors.As(err, &no) && no.IsNotFound {
		return nil
	}
	return err
}
