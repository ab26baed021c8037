package stripegate

var clockRoutes = []route{
	{"POST /v1/test_helpers/test_clocks", createClock},
	{"GET /v1/test_helpers/test_clocks", listClocks},
	{"GET /v1/test_helpers/test_clocks/{id}", getClock},
	{"POST /v1/test_helpers/test_clocks/{id}/advance", advanceClock},
	{"DELETE /v1/test_helpers/test_clocks/{id}", deleteClock},
}

func createClock(c *call) (any, *apiError) {
	if err := c.f.only("frozen_time", "name"); err != nil {
		return nil, err
	}
	at, ok, err := c.f.num("frozen_time")
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, required("frozen_time")
	}
	x := &testClock{thing: c.g.fresh("clock_1", nil), Name: c.f.str("name"), Frozen: at}
	c.g.s.Clocks[x.ID] = x
	return clockObj(x, c.g.now()), nil
}

func getClock(c *call) (any, *apiError) {
	x := c.g.s.Clocks[c.id]
	if x == nil {
		return nil, absent("test clock", c.id)
	}
	return clockObj(x, c.g.now()), nil
}

func listClocks(c *call) (any, *apiError) {
	if err := c.f.only("limit", "starting_after", "ending_before"); err != nil {
		return nil, err
	}
	return page(c, values(c.g.s.Clocks), func(x *testClock) obj { return clockObj(x, c.g.now()) })
}

// advanceClock lets time pass for the customers of one test clock; the events
// are delivered by the worker.
func advanceClock(c *call) (any, *apiError) {
	g := c.g
	x := g.s.Clocks[c.id]
	if x == nil {
		return nil, absent("test clock", c.id)
	}
	if err := c.f.only("frozen_time"); err != nil {
		return nil, err
	}
	to, ok, err := c.f.num("frozen_time")
	if err != nil {
		return nil, err
	}
	switch {
	case !ok:
		return nil, required("frozen_time")
	case to < x.Frozen:
		return nil, invalid("frozen_time", "A test clock can only move forward.")
	case to > x.Frozen+2*366*day:
		return nil, invalid("frozen_time", "A test clock can advance two years at most.")
	}
	was := g.at
	for {
		st, ok := g.earliest(x.ID, to)
		if !ok {
			break
		}
		g.at, x.Frozen = st.at, max(x.Frozen, st.at)
		st.take()
	}
	g.at, x.Frozen = was, to
	return clockObj(x, g.now()), nil
}

func deleteClock(c *call) (any, *apiError) {
	g := c.g
	x := g.s.Clocks[c.id]
	if x == nil {
		return nil, absent("test clock", c.id)
	}
	for id, k := range g.s.Customers {
		if k.Clock == x.ID {
			delete(g.s.Customers, id)
			for sid, s := range g.s.Subs {
				if s.Customer == id {
					delete(g.s.Subs, sid)
				}
			}
		}
	}
	delete(g.s.Clocks, x.ID)
	return obj{"id": x.ID, "object": "test_helpers.test_clock", "deleted": true}, nil
}

func clockObj(x *testClock, now int64) obj {
	return obj{
		"id": x.ID, "object": "test_helpers.test_clock",
		"created": x.Created, "deletes_after": max(now, x.Created) + 30*day, "frozen_time": x.Frozen,
		"livemode": false, "name": text(x.Name), "status": "ready",
	}
}
