package web

import (
	"net"
	"net/netip"
	"strings"

	"github.com/valyala/fasthttp"
)

// peer returns the address at the other end of the connection.
func peer(rc *fasthttp.RequestCtx) netip.Addr {
	tcp, ok := rc.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	a, _ := netip.AddrFromSlice(tcp.IP)
	return a.Unmap()
}

// clientAddr returns who asks: the peer, or, where the peer is a trusted proxy,
// the rightmost address of X-Forwarded-For that is not one. What stands further
// left is the client's own invention.
func (s *Server) clientAddr(rc *fasthttp.RequestCtx) netip.Addr {
	addr := peer(rc)
	if len(s.opts.TrustedProxies) == 0 || !s.trusted(addr) {
		return addr
	}
	lines := rc.Request.Header.PeekAll(fasthttp.HeaderXForwardedFor)
	for i := len(lines) - 1; i >= 0; i-- {
		hops := strings.Split(string(lines[i]), ",")
		for j := len(hops) - 1; j >= 0; j-- {
			hop, err := parseHop(strings.TrimSpace(hops[j]))
			if err != nil {
				return addr
			}
			addr = hop
			if !s.trusted(addr) {
				return addr
			}
		}
	}
	return addr
}

func parseHop(s string) (netip.Addr, error) {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap(), nil
	}
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return a.Unmap().WithZone(""), err
}

func (s *Server) trusted(a netip.Addr) bool {
	for _, p := range s.opts.TrustedProxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// counted returns the address under which limits count: an IPv6 customer has a
// whole /64 at hand.
func counted(a netip.Addr) netip.Addr {
	if a.Is6() {
		return cut(a, 64)
	}
	return a
}

// truncated returns what is kept of an address: too little to name a person.
func truncated(a netip.Addr) string {
	switch {
	case !a.IsValid():
		return ""
	case a.Is6():
		return cut(a, 48).String()
	}
	return cut(a, 24).String()
}

func cut(a netip.Addr, bits int) netip.Addr {
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Addr{}
	}
	return p.Addr()
}
