/** Figures as SVG files and as one HTML page that opens offline. */
import type { Figure } from "./figure.ts";
import { THEME } from "./figure.ts";
import { readScripts } from "./scripts.ts";

/** A figure's spec with what all share, and its title for readers who do not see it. */
const dressed = ({ title, spec }: Figure) => ({ ...spec, description: title, config: THEME });

/** A figure as SVG text, made without a browser. */
export async function toSvg(figure: Figure): Promise<string> {
  const { compile, ERROR, logger, parse, View } = await import("#vega");
  const { spec: compiled } = compile(dressed(figure) as Parameters<typeof compile>[0], {
    logger: logger(ERROR),
  });
  const view = new View(parse(compiled), { renderer: "none" });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

function escapeHtml(text: string): string {
  const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}

/** JSON that can stand in a script element, whatever text is in it. */
const scriptJson = (value: unknown): string =>
  JSON.stringify(value).replaceAll("<", "\\u003c").replaceAll("\u2028", "\\u2028");

/** An animation: its title, what it shows, and an address that holds it whole, or of a large one its file beside the page. */
export interface MovieImage {
  readonly title: string;
  readonly shows: string;
  readonly address: string;
}

export interface Page {
  /** What tells the run's page from others of its title in a browser's tabs. */
  readonly name: string;
  readonly title: string;
  readonly abstract: string;
  /** Main figures, name and value. */
  readonly facts: readonly (readonly [string, string])[];
  readonly figures: readonly Figure[];
  readonly movies: readonly MovieImage[];
  readonly config: string;
}

const STYLE = `
body { max-width: 46rem; margin: 2.5rem auto; padding: 0 1.2rem; font: 17px/1.55 Georgia, "Times New Roman", serif; color: #1a1a1a; background: #fff; }
h1 { font-size: 1.75rem; line-height: 1.25; margin-bottom: .4rem; font-weight: normal; } h2 { font-size: 1.15rem; margin: 2.4rem 0 .4rem; font-weight: normal; }
.abstract { margin: 1.2rem 1.5rem; font-size: .95rem; } table { border-collapse: collapse; margin: 1.2rem 0; font-size: .92rem; width: 100%; }
td, th { padding: .22rem .8rem .22rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid #ddd; font-weight: normal; } th { color: #555; width: 40%; }
table { border-top: 2px solid #333; border-bottom: 2px solid #333; } figure { margin: .6rem 0 0; } figcaption { font-size: .92rem; } figcaption p { margin: .25rem 0; }
pre { background: #f6f6f4; padding: .8rem 1rem; font-size: .8rem; overflow-x: auto; line-height: 1.35; } .plot { overflow-x: auto; } .plot.vega-embed { display: block; padding-right: 0; }
h2, p, td { overflow-wrap: anywhere; }
@media print { body { margin: 0; max-width: none; } .vega-embed summary { display: none; } h2 { break-after: avoid; } figure { break-inside: avoid; } .plot svg { max-width: 100%; height: auto; } }`;

/** The whole page. Each plot is an SVG already, and becomes interactive where scripts run. */
export async function toHtml(
  { name, title, abstract, facts, figures, movies, config }: Page,
  svgs: readonly string[],
): Promise<string> {
  const sections = figures.map(
    ({ id, title: heading, shows, agrees, inGev }, i) => `<section><h2>${i + 1}. ${escapeHtml(heading)}</h2>
<figure><div class="plot" id="plot-${id}">${svgs[i]}</div><figcaption><p>${escapeHtml(shows)}</p><p>${escapeHtml(agrees)}</p>${inGev ? `<p>${escapeHtml(inGev)}</p>` : ""}</figcaption></figure></section>`,
  );
  const animations = movies.map(
    ({ title: heading, shows, address }, m) => `<section><h2>${figures.length + m + 1}. ${escapeHtml(heading)}</h2>
<figure><img src="${address}" alt="${escapeHtml(heading)}"><figcaption><p>${escapeHtml(shows)}</p></figcaption></figure></section>`,
  );
  const specs = figures.map((figure) => ({ id: figure.id, spec: dressed(figure) }));
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escapeHtml(`${name}: ${title}`)}</title><style>${STYLE}</style></head>
<body><h1>${escapeHtml(title)}</h1>
<p class="abstract">${escapeHtml(abstract)}</p>
<table>${facts.map(([name, value]) => `<tr><th>${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`).join("")}</table>
${[...sections, ...animations].join("\n")}
<h2>Config</h2><pre>${escapeHtml(config)}</pre>
<script>${(await readScripts()).replaceAll("</script", "<\\/script")}</script>
<script>for (const { id, spec } of ${scriptJson(specs)}) vegaEmbed("#plot-" + id, spec, { actions: { export: true, source: false, compiled: false, editor: false }, renderer: "svg" });</script>
</body></html>
`;
}
