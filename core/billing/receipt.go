package billing

import (
	"context"
	"slices"

	"sselfie/core"
)

// Receipt returns Stripe's page about a payment of this customer. A bill's page
// came with its report; a single purchase's is asked for, because no report of
// ours carries it. It fails with core.NotFound for somebody else's payment, and
// where there is no receipt: a free order has none.
func (s *Service) Receipt(ctx context.Context, user core.UserID, id core.PaymentID) (string, error) {
	const op = "billing.Receipt"
	pays, err := s.Read.PaymentsOf(ctx, user)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(pays, func(p Payment) bool { return p.ID == id })
	switch {
	case i < 0:
		return "", &core.Error{Code: core.NotFound, Op: op, Message: "There is no such payment."}
	case pays[i].ReceiptURL != "":
		return pays[i].ReceiptURL, nil
	case pays[i].PaymentIntent == "":
		return "", noReceipt(op)
	}
	url, err := s.Gateway.ReceiptURL(ctx, pays[i].PaymentIntent)
	if err == nil && url == "" {
		err = noReceipt(op)
	}
	return url, err
}

func noReceipt(op string) error {
	return &core.Error{Code: core.NotFound, Op: op, Message: "There is no receipt for this: nothing was charged, or Stripe has not made one yet."}
}
