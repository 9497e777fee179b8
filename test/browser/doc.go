// Package browser has people at a real Chromium use Postern through a frontend that others wrote: the component kit
// @daveyplate/better-auth-ui and the official better-auth client, as they are on npm, in a small page (kit/).
//
//	browser_test.go ──┬── postern serve, PostgreSQL, FastAPI, letters      test/harness
//	                  ├── the page, a static build by Vite
//	                  └── node run.mjs ── Chromium, by Playwright          cases/*.mjs
//
// The page is served in three ways: by an application behind Postern, so that all is one origin; from another origin of the
// same site, which takes CORS; and from another site, which takes https and SameSite=None as well. Which case is played where
// says browser_test.go. Each has people of its own, in browsers without cookies, and fails too when a page throws, or asks
// anybody else for anything.
//
// Besides, they use the pages that come with Postern, and the examples that have a page.
//
// pictures/ keeps what people saw. To look at one case alone, at a browser that shows itself:
//
//	BROWSER_ARGS='--only settings: --headed' go test ./test/browser -run OneOrigin -v
package browser
