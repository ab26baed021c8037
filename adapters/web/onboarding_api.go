package web

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/gofiber/fiber/v2"

	"sselfie/core"
	"sselfie/core/onboarding"
)

// flowJSON is what the wizard's calls answer.
type flowJSON struct {
	Type   onboarding.Type `json:"type"`
	Reason string          `json:"reason"`
	Wizard struct {
		Phase   onboarding.Phase   `json:"phase"`
		Step    int                `json:"step"`
		Total   int                `json:"totalSteps"`
		Answers onboarding.Answers `json:"answers"`
	} `json:"wizard"`
}

func flowOf(f onboarding.Flow) flowJSON {
	out := flowJSON{Type: f.Type, Reason: f.Reason}
	out.Wizard.Phase, out.Wizard.Step, out.Wizard.Total, out.Wizard.Answers = f.Phase, f.Step, f.Total, f.Answers
	if out.Wizard.Answers == nil {
		out.Wizard.Answers = onboarding.Answers{}
	}
	return out
}

// openStudio is the answer where the customer's state cannot be read: the
// studio opens, and nothing is asked (product.md, Onboarding).
var openStudio = onboarding.Flow{Decision: onboarding.Decision{Type: onboarding.Studio, Reason: "state_unreadable", Phase: onboarding.Done}}

// welcomeFlow is GET /api/onboarding/welcome-flow.
func (s *Server) welcomeFlow(ctx context.Context, c *fiber.Ctx) error {
	who, err := s.must(ctx, c)
	if err != nil {
		return err
	}
	f, err := s.opts.Customer.Onboarding.Flow(ctx, who.User.ID)
	if err != nil {
		s.opts.Log.Error("the onboarding cannot be read; the studio opens without it", "op", "web.welcomeFlow", "user", who.User.ID, "err", err)
		f = openStudio
	}
	return s.answerFlow(c, f)
}

func (s *Server) answerFlow(c *fiber.Ctx, f onboarding.Flow) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.JSON(flowOf(f))
}

// saveAnswers is POST /api/onboarding/answers.
func (s *Server) saveAnswers(ctx context.Context, c *fiber.Ctx) error {
	who, err := s.must(ctx, c)
	if err != nil {
		return err
	}
	var in struct {
		Phase   onboarding.Phase   `json:"phase"`
		Step    int                `json:"step"`
		Answers onboarding.Answers `json:"answers"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	f, err := s.opts.Customer.Onboarding.Answer(ctx, who.User.ID, in.Phase, in.Step, in.Answers)
	if err != nil {
		return err
	}
	return s.answerFlow(c, f)
}

// anyAnswers takes an object of any members; the phase knows which it needs.
type anyAnswers struct{ given onboarding.Answers }

// UnmarshalJSON implements json.Unmarshaler.
func (a *anyAnswers) UnmarshalJSON(b []byte) error { return json.Unmarshal(b, &a.given) }

// completePhase is POST /api/onboarding/{phase}-complete.
func (s *Server) completePhase(p onboarding.Phase) handler {
	return func(ctx context.Context, c *fiber.Ctx) error {
		who, err := s.must(ctx, c)
		if err != nil {
			return err
		}
		var in anyAnswers
		if err := readJSON(c, &in); err != nil {
			return err
		}
		f, err := s.opts.Customer.Onboarding.CompletePhase(ctx, who.User.ID, p, in.given)
		if err != nil {
			return err
		}
		return s.answerFlow(c, f)
	}
}

// completeOnboarding is POST /api/onboarding/complete.
func (s *Server) completeOnboarding(ctx context.Context, c *fiber.Ctx) error {
	who, err := s.must(ctx, c)
	if err != nil {
		return err
	}
	var in struct {
		Type onboarding.Type `json:"type"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	if err := s.opts.Customer.Onboarding.Complete(ctx, who.User.ID, in.Type); err != nil {
		return err
	}
	return c.SendStatus(http.StatusNoContent)
}

// dismissOnboarding is POST /api/onboarding/dismiss. It takes no body, and
// passes over one.
func (s *Server) dismissOnboarding(ctx context.Context, c *fiber.Ctx) error {
	who, err := s.must(ctx, c)
	if err != nil {
		return err
	}
	if err := s.opts.Customer.Onboarding.Dismiss(ctx, who.User.ID); err != nil {
		return err
	}
	return c.SendStatus(http.StatusNoContent)
}

// trainingStatus is GET /api/training/status.
func (s *Server) trainingStatus(ctx context.Context, c *fiber.Ctx) error {
	who, err := s.must(ctx, c)
	if err != nil {
		return err
	}
	t, err := s.opts.Customer.Training.TrainingOf(ctx, who.User.ID)
	if core.Is(err, core.NotFound) {
		t, err = onboarding.TrainingStatus{Status: "none"}, nil
	}
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.JSON(struct {
		HasTrainedModel bool   `json:"hasTrainedModel"`
		Status          string `json:"status"`
		Progress        int    `json:"progress"`
	}{t.HasTrainedModel, t.Status, t.Progress})
}
