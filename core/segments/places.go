package segments

import (
	"context"

	"sselfie/core"
)

// Place is where a customer stands with a segment, and why.
type Place struct {
	Segment Segment
	Why     Why
}

// Places says for every segment whether a customer fits it now. Somebody whose
// account is gone is nowhere.
func (s *Service) Places(ctx context.Context, user core.UserID) ([]Place, error) {
	list, err := s.Read.Segments(ctx)
	if err != nil {
		return nil, err
	}
	now := s.Clock.Now()
	known, err := s.Read.SegmentFacts(ctx, []core.UserID{user}, s.query(now), Everything())
	if err != nil || len(known) == 0 || known[0].Gone {
		return nil, err
	}
	out := make([]Place, 0, len(list))
	for _, seg := range list {
		_, why := Match(seg.Rule, known[0], now)
		out = append(out, Place{seg, why})
	}
	return out, nil
}
