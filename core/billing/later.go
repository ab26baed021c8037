package billing

import "context"

// later keeps the reports that nothing acts on yet, so that none is lost:
// failed payments, refunds and disputes. Everything unknown is ignored.
func (s *Service) later(ctx context.Context, tx Tx, ev Event) (result, error) {
	switch ev.Kind {
	case InvoiceFailed, InvoiceNeedsAction, InvoicePaymentPaid, TrialEnding,
		ChargeRefunded, RefundUpdated, DisputeOpened, DisputeClosed:
		return parked("kept until this kind of event is handled"), nil
	}
	return ignored("nothing here depends on %s", ev.Type), nil
}
