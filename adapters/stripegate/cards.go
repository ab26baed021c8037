package stripegate

import (
	"strconv"
	"strings"
	"time"
)

// card is one of Stripe's public test cards and what it does.
type card struct {
	Number, Brand, Does string
	fail                *apiError // refused at once
	secure              bool      // asks for 3-D Secure
}

// Grouped is the number as it stands on the card.
func (c card) Grouped() string {
	n, out := c.Number, ""
	if c.Brand == "amex" {
		return n[:4] + " " + n[4:10] + " " + n[10:]
	}
	for ; len(n) > 4; n = n[4:] {
		out += n[:4] + " "
	}
	return out + n
}

const declinedText = "This card was declined by the bank. Nothing was charged. Try another card or ask your bank."

// cards in the order in which the page offers them.
var cards = []card{
	{Number: "4242424242424242", Brand: "visa", Does: "is accepted"},
	{Number: "4000000000000002", Brand: "visa", Does: "is declined", fail: declined("card_declined", "generic_decline", "", declinedText)},
	{Number: "4000000000009995", Brand: "visa", Does: "has insufficient funds", fail: declined("card_declined", "insufficient_funds", "", "This card does not have enough money for this payment. Nothing was charged. Try another card.")},
	{Number: "4000000000000069", Brand: "visa", Does: "has expired", fail: declined("expired_card", "expired_card", "exp", "This card has expired. Nothing was charged. Check the date or try another card.")},
	{Number: "4000000000000127", Brand: "visa", Does: "has a wrong security code", fail: declined("incorrect_cvc", "incorrect_cvc", "cvc", "The security code is not right. Nothing was charged. Check the three digits on the back of the card.")},
	{Number: "4000000000000119", Brand: "visa", Does: "meets a processing error", fail: declined("processing_error", "processing_error", "", "Something went wrong at the bank. Nothing was charged. Try again in a moment.")},
	{Number: "4000000000003220", Brand: "visa", Does: "asks for 3-D Secure", secure: true},
	{Number: "4000000000000341", Brand: "visa", Does: "is accepted now, fails on renewal"},
	{Number: "4000002760003184", Brand: "visa", Does: "asks for 3-D Secure every time", secure: true},
	{Number: "4000000000000259", Brand: "visa", Does: "is accepted, then disputed as fraud"},
	{Number: "4000000000001976", Brand: "visa", Does: "is accepted, then brings an inquiry"},
	{Number: "4000000000005126", Brand: "visa", Does: "is accepted; a refund to it fails later"},
	{Number: "5555555555554444", Brand: "mastercard", Does: "is accepted (Mastercard)"},
	{Number: "378282246310005", Brand: "amex", Does: "is accepted (American Express)"},
}

// byLast4 finds the behaviour of a stored card, of which only four digits are
// known.
func byLast4(m *method) string {
	if m == nil {
		return ""
	}
	if m.Kind == "card" {
		return m.Last4
	}
	return ""
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9':
			return r
		case r == ' ' || r == '-':
			return -1
		}
		return 'x'
	}, s)
}

func luhn(number string) bool {
	if len(number) < 12 || len(number) > 19 || strings.Contains(number, "x") {
		return false
	}
	sum := 0
	for i := range len(number) {
		n := int(number[len(number)-1-i] - '0')
		if i%2 == 1 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum%10 == 0
}

// readExpiry reads 12/34, 1234 or 12/2034.
func readExpiry(s string) (month, year int, ok bool) {
	s = strings.ReplaceAll(strings.ReplaceAll(s, " ", ""), "-", "/")
	m, y, cut := strings.Cut(s, "/")
	if !cut {
		if len(s) < 3 || len(s) > 4 {
			return 0, 0, false
		}
		m, y = s[:len(s)-2], s[len(s)-2:]
	}
	month, err1 := strconv.Atoi(m)
	year, err2 := strconv.Atoi(y)
	if err1 != nil || err2 != nil || month < 1 || month > 12 || len(y) != 2 && len(y) != 4 {
		return 0, 0, false
	}
	if year < 100 {
		year += 2000
	}
	return month, year, true
}

// readCard checks what was typed and returns what may be kept of it, and the
// test card it is.
func readCard(number, expiry, cvc string, now time.Time) (method, *card, *apiError) {
	n := digits(number)
	if n == "" {
		return method{}, nil, declined("incomplete_number", "", "number", "Enter the number of the card.")
	}
	if !luhn(n) {
		return method{}, nil, declined("incorrect_number", "", "number", "This is not the number of a card. Check the digits.")
	}
	month, year, ok := readExpiry(expiry)
	if !ok {
		return method{}, nil, declined("incomplete_expiry", "", "exp", "Enter the month and year until which the card is valid, like 12/34.")
	}
	if time.Date(year, time.Month(month)+1, 1, 0, 0, 0, 0, time.UTC).Before(now) || year > now.Year()+50 {
		return method{}, nil, declined("invalid_expiry_year", "", "exp", "This card's date lies in the past. Check it or use another card.")
	}
	var known *card
	for i := range cards {
		if cards[i].Number == n {
			known = &cards[i]
		}
	}
	if known == nil {
		return method{}, nil, declined("card_declined", "test_mode_live_card", "number", "This shop is in test mode and takes test cards only. Nothing was charged. Use a card from the list.")
	}
	want := 3
	if known.Brand == "amex" {
		want = 4
	}
	if c := digits(cvc); len(c) != want || strings.Contains(c, "x") {
		return method{}, nil, declined("incomplete_cvc", "", "cvc", "Enter the security code of the card.")
	}
	return method{Kind: "card", Brand: known.Brand, Last4: n[len(n)-4:], ExpMonth: month, ExpYear: year}, known, nil
}
