import dayjs from 'dayjs';
import customParseFormat from 'dayjs/plugin/customParseFormat';
import duration from 'dayjs/plugin/duration';
import isoWeek from 'dayjs/plugin/isoWeek';
import relativeTime from 'dayjs/plugin/relativeTime';
import timezone from 'dayjs/plugin/timezone';
import utc from 'dayjs/plugin/utc';
import 'dayjs/locale/de';

for (const plugin of [utc, timezone, duration, relativeTime, isoWeek, customParseFormat]) dayjs.extend(plugin);

export default function workOut() {
  const day = dayjs.utc('2024-02-29T12:34:56.789Z');
  return [
    day.format('YYYY-MM-DDTHH:mm:ss.SSS [of] dddd'),
    day.add(1, 'year').toISOString(),
    day.subtract(3, 'month').endOf('month').format(),
    day.locale('de').format('dddd, D. MMMM YYYY'),
    day.isoWeek(),
    day.diff(dayjs.utc('2020-01-01'), 'day'),
    day.tz('America/New_York').format('YYYY-MM-DD HH:mm Z'),
    dayjs.utc('12-25-1995', 'MM-DD-YYYY').toISOString(),
    dayjs.duration({ hours: 3, minutes: 4 }).toISOString(),
    dayjs.duration(7_200_000).humanize(),
    day.from(dayjs.utc('2024-03-05')),
    day.isBefore(dayjs.utc('2025-01-01')),
    JSON.stringify({ day }),
    String(day),
    dayjs('not a date').isValid(),
  ];
}
