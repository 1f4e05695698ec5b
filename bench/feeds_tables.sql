-- SPDX-License-Identifier: Apache-2.0
-- The work of `tamga feed load` as one would do it in SQL, for bench/feeds.sh: who used which phone, since when. No journal, no
-- judge, numbers of subscribers in the clear.
CREATE UNLOGGED TABLE staging (day text, imei text, imsi text, msisdn text, rat text) WITH (autovacuum_enabled = off);
CREATE UNLOGGED TABLE good (imei bigint, imsi bigint, msisdn bigint, day date) WITH (autovacuum_enabled = off);
CREATE TABLE device (imei bigint PRIMARY KEY, first_day date NOT NULL);
CREATE TABLE pair (imei bigint, imsi bigint, msisdn bigint, first_day date NOT NULL, PRIMARY KEY (imei, imsi));
CREATE TABLE seen (imei bigint, imsi bigint, month date, days int NOT NULL, PRIMARY KEY (imei, imsi, month)) WITH (fillfactor = 60);
CREATE TABLE bad (day text, imei text, imsi text, why text);
