package web

import (
	"context"
	"encoding/json"

	"github.com/gofiber/fiber/v2"

	"sselfie/core"
	"sselfie/core/blueprint"
	"sselfie/core/entitlements"
)

type gridJSON struct {
	ID     string   `json:"gridId"`
	Status string   `json:"status"`
	Images []string `json:"images"`
}

type entitledJSON struct {
	Type string `json:"type"`
}

type blueprintJSON struct {
	FormData          json.RawMessage `json:"formData"`
	Strategy          json.RawMessage `json:"strategy"`
	StrategyGenerated bool            `json:"strategyGenerated"`
	Grids             []gridJSON      `json:"grids"`
	Entitlement       entitledJSON    `json:"entitlement"`
	CreditBalance     int             `json:"creditBalance"`
	HasBlueprintState bool            `json:"hasBlueprintState"`
}

func (s *Server) answerBlueprint(c *fiber.Ctx, b blueprint.State) error {
	out := blueprintJSON{
		FormData: b.FormData, Strategy: b.Strategy, StrategyGenerated: b.StrategyGenerated, Grids: []gridJSON{},
		Entitlement: entitledJSON{b.Entitlement.String()}, CreditBalance: b.CreditBalance, HasBlueprintState: b.HasBlueprintState,
	}
	if len(out.Strategy) == 0 {
		out.Strategy = json.RawMessage("null")
	}
	for _, g := range b.Grids {
		out.Grids = append(out.Grids, gridJSON{g.ID, g.Status, g.Images})
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.JSON(out)
}

// blueprintState is GET /api/blueprint/state.
func (s *Server) blueprintState(ctx context.Context, c *fiber.Ctx) error {
	who, err := s.must(ctx, c)
	if err != nil {
		return err
	}
	b, err := s.opts.Customer.Blueprint.State(ctx, who.User.ID)
	if err != nil {
		return err
	}
	return s.answerBlueprint(c, b)
}

// saveBlueprint is POST /api/blueprint/state. A call that names no form keeps
// the one that is there.
func (s *Server) saveBlueprint(ctx context.Context, c *fiber.Ctx) error {
	const op = "web.saveBlueprint"
	who, err := s.must(ctx, c)
	if err != nil {
		return err
	}
	var in struct {
		FormData         json.RawMessage `json:"formData"`
		GenerateStrategy bool            `json:"generateStrategy"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	b, err := s.opts.Customer.Blueprint.State(ctx, who.User.ID)
	switch {
	case err != nil:
		return err
	case in.FormData != nil:
		b, err = s.opts.Customer.Blueprint.SaveForm(ctx, who.User.ID, in.FormData)
	case !in.GenerateStrategy:
		err = core.FieldError(op, "formData", "Send an object.")
	}
	if err != nil {
		return err
	}
	if in.GenerateStrategy && !b.StrategyGenerated {
		return &core.Error{Code: core.Unavailable, Op: op, Message: "Your answers are kept. Strategies are not written here yet."}
	}
	return s.answerBlueprint(c, b)
}

// courses is GET /api/academy/courses.
func (s *Server) courses(ctx context.Context, c *fiber.Ctx) error {
	who, err := s.mustStand(ctx, c)
	if err != nil {
		return err
	}
	if ok, why := entitlements.Can(s.right(who.Rows).Tier, entitlements.Academy); !ok {
		return &core.Error{Code: core.UpgradeRequired, Op: "web.courses", Message: why}
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.JSON(fiber.Map{"items": []any{}})
}
