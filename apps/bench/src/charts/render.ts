import { loadPackage } from '../packages.ts';

/** What is used of https://echarts.apache.org/handbook/en/how-to/cross-platform/server/ */
interface Echarts {
  init(dom: null, theme: null, how: { renderer: 'svg'; ssr: true; width: number; height: number }): EchartsInstance;
}

interface EchartsInstance {
  setOption(option: object): void;
  renderToSVGString(how: { useViewBox: boolean }): string;
  dispose(): void;
}

const WIDTH = 860;
const HEIGHT = 460;

/** Draws without a DOM. The same option gives the same bytes, whatever has been drawn before. */
export async function renderSvg(option: object): Promise<string> {
  const echarts = (await loadPackage('echarts')) as Echarts;
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT });
  try {
    chart.setOption(option);
    return lasting(chart.renderToSVGString({ useViewBox: true }));
  } finally {
    chart.dispose();
  }
}

/** Without what is for a mouse, and without numbers that count what has been drawn in this process. */
function lasting(svg: string): string {
  const still = svg
    .replaceAll(/ (?:class|pointer-events|ecmeta_\w+)="[^"]*"/g, '')
    .replace(/<style[^]*?<\/style>\n?/, '');
  return `${still.replaceAll(/\bzr\d+-/g, 'zr-').trimEnd()}\n`;
}
