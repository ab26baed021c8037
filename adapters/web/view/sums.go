package view

import "sselfie/core"

// times is n things at a price each.
func times(m core.Money, n int) core.Money {
	return core.Money{Minor: m.Minor * int64(n), Currency: m.Currency}
}

// packs is how many packs of a size n credits take.
func packs(n, size int) int { return (n + size - 1) / max(size, 1) }

// usual is where the calculator begins: what the customer used in the last 30
// days, in steps of ten, and at most what a month of Studio brings; that is also where
// it begins without a history.
func usual(offer any, month int) int {
	o, _ := offer.(*UpgradeOffer)
	if o == nil || o.Spent30d < 10 {
		return month
	}
	return min((o.Spent30d+5)/10*10, month)
}
