-- SPDX-License-Identifier: Apache-2.0
-- The same, and the days of what came: a bit each in a row a pair and month.
\ir feeds_load.sql
INSERT INTO seen
SELECT imei, imsi, date_trunc('month', day)::date, bit_or(1 << (extract(day FROM day)::int - 1))
FROM good GROUP BY imei, imsi, date_trunc('month', day)
ON CONFLICT (imei, imsi, month) DO UPDATE SET days = seen.days | excluded.days WHERE seen.days | excluded.days <> seen.days;
