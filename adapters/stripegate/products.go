package stripegate

import "strings"

var productRoutes = []route{
	{"POST /v1/products", createProduct},
	{"GET /v1/products", listProducts},
	{"GET /v1/products/{id}", getProduct},
	{"POST /v1/products/{id}", updateProduct},
}

var productParams = []string{
	"id", "name", "active", "description", "metadata", "images", "url", "tax_code", "statement_descriptor",
	"unit_label", "shippable", "type", "default_price", "default_price_data", "features",
}

func createProduct(c *call) (any, *apiError) {
	if err := c.f.only(productParams...); err != nil {
		return nil, err
	}
	if strings.TrimSpace(c.f.str("name")) == "" {
		return nil, required("name")
	}
	meta, err := c.f.mergeMeta(nil)
	if err != nil {
		return nil, err
	}
	active, sent, err := c.f.flag("active")
	if err != nil {
		return nil, err
	}
	id := c.f.str("id")
	if id != "" && c.g.s.Products[id] != nil {
		return nil, invalid("id", "Product already exists.").code("resource_already_exists")
	}
	x := c.g.newProduct(c.f.str("name"), meta)
	if id != "" {
		delete(c.g.s.Products, x.ID)
		x.ID = id
		c.g.s.Products[id] = x
	}
	x.Description, x.Images = c.f.str("description"), c.f.strs("images")
	x.Active = active || !sent
	return c.g.productObj(x), nil
}

func (g *Gateway) newProduct(name string, meta map[string]string) *product {
	x := &product{thing: g.fresh("prod_", meta), Name: name, Active: true}
	x.ID, x.Updated = newID("prod_", 14), x.Created
	g.s.Products[x.ID] = x
	return x
}

func getProduct(c *call) (any, *apiError) {
	x := c.g.s.Products[c.id]
	if x == nil {
		return nil, absent("product", c.id)
	}
	return c.g.productObj(x), nil
}

func listProducts(c *call) (any, *apiError) {
	if err := c.f.only("limit", "starting_after", "ending_before", "created", "active", "ids", "shippable", "url", "type"); err != nil {
		return nil, err
	}
	active, sent, err := c.f.flag("active")
	if err != nil {
		return nil, err
	}
	ids := map[string]bool{}
	for _, id := range c.f.strs("ids") {
		ids[id] = true
	}
	return page(c, such(values(c.g.s.Products), func(x *product) bool {
		return (!sent || x.Active == active) && (len(ids) == 0 || ids[x.ID])
	}), c.g.productObj)
}

func updateProduct(c *call) (any, *apiError) {
	x := c.g.s.Products[c.id]
	if x == nil {
		return nil, absent("product", c.id)
	}
	if err := c.f.only(productParams...); err != nil {
		return nil, err
	}
	if c.f.sent("name") && strings.TrimSpace(c.f.str("name")) == "" {
		return nil, invalid("name", "You passed an empty string for 'name'.").code("parameter_invalid_empty")
	}
	meta, err := c.f.mergeMeta(x.Meta)
	if err != nil {
		return nil, err
	}
	active, sent, err := c.f.flag("active")
	if err != nil {
		return nil, err
	}
	if p := c.f.str("default_price"); p != "" {
		if pr := c.g.s.Prices[p]; pr == nil || pr.Product != x.ID {
			return nil, unknown("price", p, "default_price")
		}
		x.Default = p
	}
	x.Meta = meta
	if c.f.sent("name") {
		x.Name = c.f.str("name")
	}
	if c.f.sent("description") {
		x.Description = c.f.str("description")
	}
	if c.f.sent("images") {
		x.Images = c.f.strs("images")
	}
	if sent {
		x.Active = active
	}
	x.Updated = c.g.now()
	return c.g.productObj(x), nil
}

func (g *Gateway) productObj(x *product) obj {
	return obj{
		"id": x.ID, "object": "product",
		"active":               x.Active,
		"attributes":           []any{},
		"created":              x.Created,
		"default_price":        text(x.Default),
		"description":          text(x.Description),
		"features":             []any{},
		"images":               anys(x.Images),
		"livemode":             false,
		"metadata":             metadata(x.Meta),
		"name":                 x.Name,
		"package_dimensions":   nil,
		"shippable":            nil,
		"statement_descriptor": nil,
		"tax_code":             nil,
		"type":                 "service",
		"unit_label":           nil,
		"updated":              x.Updated,
		"url":                  nil,
	}
}
