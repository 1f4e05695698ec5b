-- SPDX-License-Identifier: Apache-2.0
-- What came into `staging` takes effect: distinct pairs that are new, first days that are new or earlier, bad rows aside. Rows are
-- judged once, and are numbers from then on. One loader at a time, so what is known is found by a join and no row is tried in vain.
BEGIN;
LOCK TABLE pair IN SHARE ROW EXCLUSIVE MODE;
INSERT INTO bad
SELECT day, imei, imsi, 'imei, imsi or day' FROM staging
WHERE NOT (octet_length(imei) BETWEEN 14 AND 16 AND translate(imei, '0123456789', '') = ''
    AND left(imei, 14) NOT IN ('00000000000000', '99999999999999') AND day <= current_date::text
    AND octet_length(imsi) BETWEEN 14 AND 15 AND translate(imsi, '0123456789', '') = '');
TRUNCATE good;
INSERT INTO good
SELECT left(imei, 14)::bigint, imsi::bigint, msisdn::bigint, day::date FROM staging
WHERE octet_length(imei) BETWEEN 14 AND 16 AND translate(imei, '0123456789', '') = ''
    AND left(imei, 14) NOT IN ('00000000000000', '99999999999999') AND day <= current_date::text
    AND octet_length(imsi) BETWEEN 14 AND 15 AND translate(imsi, '0123456789', '') = '';
ANALYZE good;
INSERT INTO pair
SELECT g.imei, g.imsi, g.msisdn, g.day
FROM (SELECT imei, imsi, min(msisdn) AS msisdn, min(day) AS day FROM good GROUP BY imei, imsi) g LEFT JOIN pair p USING (imei, imsi)
WHERE p.imei IS NULL;
INSERT INTO device
SELECT g.imei, g.day
FROM (SELECT imei, min(day) AS day FROM good WHERE imsi / 1000000000000 = 401 GROUP BY imei) g LEFT JOIN device d USING (imei)
WHERE d.imei IS NULL OR g.day < d.first_day
ON CONFLICT (imei) DO UPDATE SET first_day = excluded.first_day;
COMMIT;
ANALYZE pair, device;
