// Package static embeds what the binary serves and renders: assets, page
// templates and content files. A directory of the creator's may lie over each
// file by file; see view.Layered.
package static

import "embed"

// Files holds assets/, pages/ and content/.
//
//go:embed assets pages content
var Files embed.FS
