package web

import (
	"bytes"
	"strings"

	"github.com/valyala/fasthttp"
)

// class is a family of answers that share their security headers.
type class int

const (
	sitePage     class = iota // pages of ours
	secretPage                // pages whose address holds a token: no referrer ever
	checkoutPage              // pages that embed the payment form
	apiAnswer                 // JSON
	assetFile
	framingPage  // the creator's, which show letters in frames
	mailFrame    // a captured mail, shown in a sandboxed frame of ours
	gatewayPage  // pages of the local gateway, which bring their own policy
	classes      = int(gatewayPage) + 1
	hstsOneYear  = "max-age=31536000"
	permissions  = "camera=(), microphone=(), geolocation=(), browsing-topics=()"
	sitePolicy   = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; %sobject-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
	apiPolicy    = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
	framePolicy  = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
	stripePolicy = "default-src 'self'; " +
		"script-src 'self' https://js.stripe.com https://*.js.stripe.com https://checkout.stripe.com; " +
		"frame-src https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com https://checkout.stripe.com https://link.com https://*.link.com; " +
		"connect-src 'self' https://api.stripe.com https://checkout.stripe.com; " +
		"img-src 'self' data: https://*.stripe.com; style-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

// classOf names the class of a path. It reads the path as the router does, so
// that no spelling gets another page's headers.
func classOf(path []byte) class {
	switch {
	case bytes.HasPrefix(path, []byte("/api/")):
		return apiAnswer
	case bytes.HasPrefix(path, []byte("/assets/")):
		return assetFile
	case bytes.HasPrefix(path, []byte("/checkout/")):
		if string(path) == "/checkout/success" {
			return secretPage
		}
		return checkoutPage
	case bytes.HasPrefix(path, []byte("/gateway/")):
		return gatewayPage
	case bytes.HasPrefix(path, []byte("/auth/password/setup")), bytes.HasPrefix(path, []byte("/auth/confirm")), bytes.HasPrefix(path, []byte("/unsubscribe")):
		return secretPage
	case string(path) == proofPath:
		return mailFrame
	case bytes.HasPrefix(path, []byte("/admin/")):
		return framingPage
	case bytes.HasPrefix(path, []byte("/dev/mailbox/")) && bytes.HasSuffix(path, []byte("/frame")):
		return mailFrame
	}
	return sitePage
}

// header is one line, its name in canonical form.
type header struct{ name, value []byte }

// headerSets builds the lines of every class once.
func headerSets(secure, demo bool) [classes][]header {
	frame := ""
	if demo {
		frame = "frame-src 'self'; "
	}
	var out [classes][]header
	set := func(c class, pairs ...string) {
		lines := []header{{[]byte("X-Content-Type-Options"), []byte("nosniff")}}
		for i := 0; i < len(pairs); i += 2 {
			lines = append(lines, header{[]byte(pairs[i]), []byte(pairs[i+1])})
		}
		if secure {
			lines = append(lines, header{[]byte("Strict-Transport-Security"), []byte(hstsOneYear)})
		}
		out[c] = lines
	}
	const csp, referrer, opener, perm, frames = "Content-Security-Policy", "Referrer-Policy", "Cross-Origin-Opener-Policy", "Permissions-Policy", "X-Frame-Options"
	own := strings.Replace(sitePolicy, "%s", "frame-src 'none'; ", 1)
	framed := strings.Replace(sitePolicy, "%s", frame, 1)
	checkout := stripePolicy
	if demo {
		checkout = framed
		own = framed // the developer's mailbox shows mails in frames
	}
	const strict = "strict-origin-when-cross-origin"
	set(sitePage, csp, own, referrer, strict, opener, "same-origin", perm, permissions, frames, "DENY")
	set(framingPage, csp, strings.Replace(sitePolicy, "%s", "frame-src 'self'; ", 1), referrer, strict, opener, "same-origin", perm, permissions, frames, "DENY")
	set(secretPage, csp, own, referrer, "no-referrer", opener, "same-origin", perm, permissions, frames, "DENY")
	// The bank's 3-D Secure window and wallets open popups and need payment.
	set(checkoutPage, csp, checkout, referrer, strict, opener, "same-origin-allow-popups", perm, permissions, frames, "DENY")
	set(apiAnswer, csp, apiPolicy, referrer, strict, frames, "DENY")
	set(assetFile, csp, apiPolicy)
	set(mailFrame, csp, framePolicy, referrer, "no-referrer", frames, "SAMEORIGIN")
	set(gatewayPage, referrer, strict)
	return out
}

// writeHeaders puts the lines of a class on an answer. The gateway's own lines
// win over ours.
func (s *Server) writeHeaders(h *fasthttp.ResponseHeader, c class) {
	for _, line := range s.headers[c] {
		if c == gatewayPage && len(h.PeekBytes(line.name)) > 0 {
			continue
		}
		h.SetCanonical(line.name, line.value)
	}
}
