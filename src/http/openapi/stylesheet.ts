/** How the reference looks. Colours have a contrast of 4.5 to 1 and more, light and dark. */
export const stylesheet = `
:root { color-scheme: light dark; --line: #d0d5dd; --soft: #f4f5f7; --ink: #1b1f24; --paper: #fff; --link: #0b57b0; --quiet: #57606a; }
@media (prefers-color-scheme: dark) {
  :root { --line: #3a414a; --soft: #1e2329; --ink: #e6e9ed; --paper: #14171b; --link: #7cb7ff; --quiet: #a3adb8; }
}
* { box-sizing: border-box; }
body { margin: 0; display: grid; grid-template-columns: 19rem minmax(0, 1fr); font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
a { color: var(--link); }
nav { position: sticky; top: 0; height: 100vh; overflow: auto; padding: 1rem; border-right: 1px solid var(--line); font-size: 0.875rem; }
nav h2 { font-size: 0.875rem; margin: 1rem 0 0.25rem; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav a { display: block; padding: 0.125rem 0; text-decoration: none; }
nav small { display: inline-block; min-width: 3rem; color: var(--quiet); }
main { padding: 1rem 2rem 4rem; max-width: 60rem; }
main h2 { margin-top: 3rem; border-bottom: 1px solid var(--line); }
section { margin: 2rem 0; scroll-margin-top: 1rem; }
h3 { margin-bottom: 0.25rem; }
h4 { margin: 1rem 0 0.25rem; }
code, pre { font-family: ui-monospace, monospace; font-size: 0.875em; overflow-wrap: anywhere; }
pre { padding: 0.75rem; background: var(--soft); border: 1px solid var(--line); border-radius: 4px; overflow-x: auto; }
.call strong { padding: 0.1rem 0.5rem; border: 1px solid var(--line); border-radius: 4px; background: var(--soft); }
table { border-collapse: collapse; width: 100%; font-size: 0.9375rem; }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 0.5rem; border-bottom: 1px solid var(--line); }
dl { display: grid; grid-template-columns: 3rem minmax(0, 1fr); gap: 0.25rem 0.5rem; }
dt { font-weight: 600; }
dd { margin: 0; }
.fields { margin: 0.25rem 0; padding-left: 1.25rem; }
.fields em, .fields span, small { color: var(--quiet); }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--paper); padding: 0.5rem; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
@media (max-width: 50rem) {
  body { display: block; }
  nav { position: static; height: auto; max-height: 40vh; border-right: 0; border-bottom: 1px solid var(--line); }
  main { padding: 1rem; }
}
`
