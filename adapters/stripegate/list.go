package stripegate

import (
	"slices"
	"strconv"
)

// page answers a list call: the newest first, cut by limit, starting_after,
// ending_before and created, in the shape that the client's iterators follow.
func page[T entry](c *call, items []T, render func(T) obj) (any, *apiError) {
	limit := int64(10)
	if n, ok, err := c.f.num("limit"); err != nil {
		return nil, err
	} else if ok {
		if n < 1 || n > 100 {
			return nil, invalid("limit", "Invalid limit: must be between 1 and 100.")
		}
		limit = n
	}
	after, before := c.f.str("starting_after"), c.f.str("ending_before")
	if after != "" && before != "" {
		return nil, both("starting_after", "ending_before")
	}
	items = slices.Clone(items)
	slices.SortFunc(items, func(a, b T) int { return int(b.head().Seq - a.head().Seq) })
	find := func(param, id string) (int, *apiError) {
		i := slices.IndexFunc(items, func(x T) bool { return x.head().ID == id })
		if i < 0 {
			return 0, unknown("object", id, param)
		}
		return i, nil
	}
	switch {
	case after != "":
		i, err := find("starting_after", after)
		if err != nil {
			return nil, err
		}
		items = items[i+1:]
	case before != "":
		i, err := find("ending_before", before)
		if err != nil {
			return nil, err
		}
		items = items[:i]
	}
	keep, err := createdFilter(c.f)
	if err != nil {
		return nil, err
	}
	items = slices.DeleteFunc(slices.Clone(items), func(x T) bool { return !keep(x.head().Created) })
	more := int64(len(items)) > limit
	if more {
		if before != "" {
			items = items[int64(len(items))-limit:]
		} else {
			items = items[:limit]
		}
	}
	data := make([]any, 0, len(items))
	for _, x := range items {
		data = append(data, render(x))
	}
	return obj{"object": "list", "url": c.path, "has_more": more, "data": data}, nil
}

// createdFilter reads created=n and created[gt|gte|lt|lte]=n.
func createdFilter(f *form) (func(int64) bool, *apiError) {
	k := f.at("created")
	var tests []func(int64) bool
	for name, test := range map[string]func(a, b int64) bool{
		"":    func(a, b int64) bool { return a == b },
		"gt":  func(a, b int64) bool { return a > b },
		"gte": func(a, b int64) bool { return a >= b },
		"lt":  func(a, b int64) bool { return a < b },
		"lte": func(a, b int64) bool { return a <= b },
	} {
		v := k.val
		if name != "" {
			v = k.str(name)
		}
		if v == "" {
			continue
		}
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return nil, invalid("created", "Invalid timestamp: %s", v)
		}
		tests = append(tests, func(at int64) bool { return test(at, n) })
	}
	return func(at int64) bool {
		for _, t := range tests {
			if !t(at) {
				return false
			}
		}
		return true
	}, nil
}

// such keeps the objects that a filter accepts.
func such[T entry](items []T, keep func(T) bool) []T {
	var out []T
	for _, x := range items {
		if keep(x) {
			out = append(out, x)
		}
	}
	return out
}

// sameOr reports whether a filter value is unset or equals what is there.
func sameOr(want, is string) bool { return want == "" || want == is }
