package view

import "sselfie/core"

// times is n things at a price each.
func times(m core.Money, n int) core.Money {
	return core.Money{Minor: m.Minor * int64(n), Currency: m.Currency}
}

// packs is how many packs of a size n credits take.
func packs(n, size int) int { return (n + size - 1) / max(size, 1) }
