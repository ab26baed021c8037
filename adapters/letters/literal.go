package letters

import (
	"errors"
	"fmt"
	"html/template"
	"regexp"
	"strings"
	"text/template/parse"
)

// What a template says about its looks is the same in every letter, so it is
// written into the template's text before that is parsed: a letter is then made
// of a few dozen values instead of several hundred, in a quarter of the time.

var (
	constant   = regexp.MustCompile(`\{\{-?\s*(css|colour)\s+"([^"]*)"\s*-?\}\}`)
	indent     = regexp.MustCompile(`(?m)^[ \t]+`)
	errUnknown = errors.New("is not known here")
)

// literal writes the constants into the text of a template. Lines stay where
// they are, so that errors name the right one.
func (r *Renderer) literal(name, text string) (string, error) {
	var bad []error
	text = constant.ReplaceAllStringFunc(text, func(action string) string {
		m := constant.FindStringSubmatch(action)
		value, err := r.constantOf(m[1], m[2])
		if err != nil {
			at := 1 + strings.Count(text[:strings.Index(text, action)], "\n")
			bad = append(bad, fmt.Errorf("%s:%d: the %s %q %w", name, at, m[1], m[2], err))
		}
		return value
	})
	return indent.ReplaceAllString(text, ""), errors.Join(bad...)
}

func (r *Renderer) constantOf(what, name string) (string, error) {
	value, ok := r.styles[name]
	if what == "colour" {
		value, ok = r.look.Light.byName()[name]
	}
	if !ok {
		return "", errUnknown
	}
	return value, nil
}

// pieces are what templates take as it is. The comments that only Outlook reads,
// or only it does not, are among them because html/template drops the comments
// of a template; the long ones have line breaks, because a line of a mail ends
// after 998 bytes.
func pieces(l Look) template.FuncMap {
	of := func(s string) func() template.HTML { return func() template.HTML { return template.HTML(s) } } //nolint:gosec // ours
	css := template.CSS(sheet(l.Dark))                                                                    //nolint:gosec // ours
	return template.FuncMap{
		"outlook": of("<!--[if mso]>"), "end_outlook": of("<![endif]-->"),
		"not_outlook": of("<!--[if !mso]><!-->"), "end_not_outlook": of("<!--<![endif]-->"),
		"strip": of(strip(l.Light, l.Fonts)),
		"sheet": func() template.CSS { return css },
		// Keeps clients from filling the preview with the beginning of the letter.
		"padding": of(strings.Repeat("\n"+strings.Repeat("&#847;&zwnj;&nbsp;", 30), 2)),
	}
}

// settle puts what the pieces say into the trees of templates that have been
// escaped, because a letter would ask for each of them anew. Where html/template
// would change a piece, as inside an attribute, the call stays.
func settle(set *template.Template, said template.FuncMap) {
	for _, t := range set.Templates() {
		if t.Tree != nil && t.Tree.Root != nil {
			settleList(t.Tree.Root, said)
		}
	}
}

func settleList(list *parse.ListNode, said template.FuncMap) {
	if list == nil {
		return
	}
	for i, node := range list.Nodes {
		switch n := node.(type) {
		case *parse.ActionNode:
			if text, ok := settled(n.Pipe, said); ok {
				list.Nodes[i] = &parse.TextNode{NodeType: parse.NodeText, Pos: n.Pos, Text: []byte(text)}
			}
		case *parse.IfNode:
			settleList(n.List, said)
			settleList(n.ElseList, said)
		case *parse.WithNode:
			settleList(n.List, said)
			settleList(n.ElseList, said)
		case *parse.RangeNode:
			settleList(n.List, said)
			settleList(n.ElseList, said)
		}
	}
}

// settled returns what a pipeline says that is one piece and the escaper which
// leaves it as it is.
func settled(pipe *parse.PipeNode, said template.FuncMap) (string, bool) {
	if len(pipe.Decl) != 0 || len(pipe.Cmds) != 2 {
		return "", false
	}
	var names [2]string
	for i, cmd := range pipe.Cmds {
		id, ok := cmd.Args[0].(*parse.IdentifierNode)
		if !ok || len(cmd.Args) != 1 {
			return "", false
		}
		names[i] = id.Ident
	}
	switch piece := said[names[0]].(type) {
	case func() template.HTML:
		return string(piece()), names[1] == "_html_template_htmlescaper"
	case func() template.CSS:
		return string(piece()), names[1] == "_html_template_cssvaluefilter"
	}
	return "", false
}
