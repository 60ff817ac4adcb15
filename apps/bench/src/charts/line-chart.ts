import { renderSvg } from './render.ts';
import { frame, valueAxis } from './style.ts';

export interface LineChart {
  readonly title: string;
  readonly xTitle: string;
  readonly yTitle: string;
  /** Logarithmic: every value must be above 0. */
  readonly xLog?: boolean;
  readonly yLog?: boolean;
  readonly series: readonly Line[];
}

export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** A bound, or anything else that was not measured: dashed, without dots. */
  readonly isBound?: boolean;
}

const DASH = 'path://M0 0h10v2h-10z M15 0h10v2h-10z';

/** As SVG. Needs the packages of `packages.ts`. */
export async function lineChart({
  title,
  xTitle,
  yTitle,
  xLog = false,
  yLog = false,
  series,
}: LineChart): Promise<string> {
  const points = series.flatMap((line) => line.points);
  const names = series.map(({ name, isBound }) => (isBound ? { name, icon: DASH } : { name }));
  return renderSvg({
    ...frame(title, names),
    xAxis: {
      ...valueAxis({ title: xTitle, isLog: xLog, values: points.map(([x]) => x) }),
      nameGap: 32,
      min: 'dataMin',
      max: 'dataMax',
    },
    yAxis: { ...valueAxis({ title: yTitle, isLog: yLog, values: points.map(([, y]) => y) }), nameGap: 52 },
    series: series.map(({ name, points: data, isBound = false }) => ({
      type: 'line',
      name,
      data,
      silent: true,
      symbol: isBound ? 'none' : 'circle',
      symbolSize: 7,
      lineStyle: { width: 2, type: isBound ? 'dashed' : 'solid' },
    })),
  });
}
