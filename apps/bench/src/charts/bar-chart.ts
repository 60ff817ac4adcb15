import { renderSvg } from './render.ts';
import { frame, groupAxis, valueAxis } from './style.ts';

export interface BarChart {
  readonly title: string;
  readonly yTitle: string;
  /** Logarithmic: every value must be above 0. */
  readonly yLog?: boolean;
  readonly groups: readonly string[];
  readonly series: readonly Bars[];
}

export interface Bars {
  readonly name: string;
  /** One for each group, in their order; undefined where there is none. */
  readonly values: readonly (number | undefined)[];
}

/** Beyond so many bars their values would cover each other. */
const MAX_LABELLED = 24;

/** As SVG. Needs the packages of `packages.ts`. */
export async function barChart({ title, yTitle, yLog = false, groups, series }: BarChart): Promise<string> {
  const values = series.flatMap((bars) => bars.values).filter((value) => value !== undefined);
  const isLabelled = groups.length * series.length <= MAX_LABELLED;
  const names = series.map(({ name }) => ({ name }));
  return renderSvg({
    ...frame(title, names),
    xAxis: groupAxis(groups),
    yAxis: { ...valueAxis({ title: yTitle, isLog: yLog, values }), nameGap: 52 },
    series: series.map(({ name, values: data }) => ({
      type: 'bar',
      name,
      data: data.map((value) => ({
        value: value ?? '-',
        label: { show: isLabelled, position: 'top', formatter: short(value), fontSize: 10 },
      })),
      silent: true,
    })),
  });
}

/** Three digits are what a bar shows of a value. */
function short(value: number | undefined): string {
  if (value === undefined) return '';
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}
