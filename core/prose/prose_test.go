package prose_test

import (
	"fmt"
	"strings"
	"testing"

	"sselfie/core/prose"
)

// shown writes blocks in a way that tests can read.
func shown(text string) string {
	var out []string
	say := func(l prose.Line) string {
		var b strings.Builder
		for _, r := range l {
			w := r.Text
			if r.Em {
				w = "e(" + w + ")"
			}
			if r.Strong {
				w = "s(" + w + ")"
			}
			if r.Link != "" {
				w = "a(" + w + " " + r.Link + ")"
			}
			b.WriteString(w)
		}
		return b.String()
	}
	all := func(ls []prose.Line) string {
		var s []string
		for _, l := range ls {
			s = append(s, say(l))
		}
		return strings.Join(s, " / ")
	}
	for _, b := range prose.Parse(text) {
		switch b.Kind {
		case prose.List, prose.Numbered:
			out = append(out, fmt.Sprintf("%s: %s", b.Kind, all(b.Items)))
		case prose.Table:
			rows := []string{all(b.Head)}
			for _, r := range b.Rows {
				rows = append(rows, all(r))
			}
			out = append(out, "table: "+strings.Join(rows, " // "))
		default:
			out = append(out, fmt.Sprintf("%s: %s", b.Kind, say(b.Line)))
		}
	}
	return strings.Join(out, "\n")
}

func TestALetterIsRead(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"lines of a paragraph are one":        {"One\ntwo\r\n\r\nThree", "paragraph: One two\nparagraph: Three"},
		"a heading":                           {"## News\nToday", "heading: News\nparagraph: Today"},
		"a list":                              {"- one\n- two\n  and a half\n\nAfter", "list: one / two and a half\nparagraph: After"},
		"items with empty lines between":      {"- one\n\n- two", "list: one / two"},
		"numbers":                             {"1. one\n2) two", "numbered: one / two"},
		"a table":                             {"| | A | B |\n|---|---|---|\n| Price | 1 | 2 |\n| Ends | never |\n\nAfter", "table:  / A / B // Price / 1 / 2 // Ends / never / \nparagraph: After"},
		"a bar alone is no table":             {"a | b\nc", "paragraph: a | b c"},
		"a table of no rows is nothing":       {"| a | b |\n|---|---|", ""},
		"strong and emphasis":                 {"**two** words, *one*, __more__", "paragraph: s(two) words, e(one), s(more)"},
		"marks without their pair are text":   {"2 * 3 ** 4 *", "paragraph: 2 * 3 ** 4 *"},
		"an underscore in a word is a letter": {"bio_glow_up", "paragraph: bio_glow_up"},
		"a link":                              {"See [the **planner**](/feed-planner?quick=true).", "paragraph: See a(the  /feed-planner?quick=true)a(s(planner) /feed-planner?quick=true)."},
		"a link that leaves is text":          {"[x](//evil.example) [y](javascript:alert)", "paragraph: [x](//evil.example) [y](javascript:alert)"},
		"a backslash takes the meaning":       {`\*not\* \[a](/b) \\`, `paragraph: *not* [a](/b) \`},
		"HTML is text":                        {"<b>x</b></a>", "paragraph: <b>x</b></a>"},
		"nothing":                             {" \n\t\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := shown(c.text); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// A value that comes from a customer or the catalogue stays what it is.
func TestAValueIsNoMarkdown(t *testing.T) {
	for _, v := range []string{"**x**", "[a](/b)", "| a |", `\`, "*", "a_b", "`x`", "# x"} {
		blocks := prose.Parse("It is " + prose.Escape(v) + ".")
		if len(blocks) != 1 || len(blocks[0].Line) != 1 || blocks[0].Line.Plain() != "It is "+v+"." {
			t.Errorf("%q became %+v", v, blocks)
		}
	}
}

func TestPartsAreLeftOut(t *testing.T) {
	text := "# Title\n\nKeep this.\n\nDrop this.\n\n- keep\n- drop\n- keep too\n\n| a | b |\n|---|---|\n| keep | 1 |\n| drop | 2 |\n\n| c | d |\n|---|---|\n| drop | 3 |"
	got := shown(prose.Keep(text, func(u string) (string, bool) {
		return u, !strings.Contains(strings.ToLower(u), "drop")
	}))
	want := "heading: Title\nparagraph: Keep this.\nlist: keep / keep too\ntable: a / b // keep / 1"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestLinksLeadElsewhere(t *testing.T) {
	text := "[a](/one) and [b](/two#x), [a again](/one), \\[c](/no), [d](https://evil.example)"
	if got := strings.Join(prose.Links(text), " "); got != "/one /two#x" {
		t.Errorf("the links are %s", got)
	}
	if got := prose.Relink(text, func(p string) string { return "/go" + p }); got != "[a](/go/one) and [b](/go/two#x), [a again](/go/one), \\[c](/no), [d](https://evil.example)" {
		t.Error(got)
	}
}

func TestWhatALetterMayNotHold(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"a link that leaves":     {"[x](https://evil.example/)", "begins with one /"},
		"a link to another host": {"[x](//evil.example)", "begins with one /"},
		"a script":               {"[x](javascript:alert)", "begins with one /"},
		"half a link":            {"[x](/a b)", "not whole"},
		"a picture":              {"![x](/a)", "picture"},
		"an address":             {"see https://x.example", "address"},
		"HTML":                   {"</a>", "HTML"},
		"a comment":              {"<!-- x", "HTML"},
	} {
		if got := strings.Join(prose.Check(c.text), "; "); !strings.Contains(got, c.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := prose.Check("# A\n\n**b** *c* [d](/e) a < b\n\n- x\n\n| a | b |\n|---|---|\n| 1 | 2 |"); len(got) > 0 {
		t.Errorf("a good letter: %v", got)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"**a*", "[a](/b)", "| a |\n|--|\n| b", "\\", "- \n-", "1. a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, b := range prose.Parse(text) {
			for _, r := range b.Line {
				if r.Link != "" && !prose.Path(r.Link) {
					t.Fatalf("%q leads to %q", text, r.Link)
				}
			}
		}
		prose.Keep(text, func(u string) (string, bool) { return u, true })
	})
}
