#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# findings - phones in use whose TAC is a test TAC, in no list of models or allocated after their first use: counts by model,
# month and operator, masked examples; radio technologies that were seen, and those that a model does not have; what cannot
# be told is said.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Register;
use Test::More;

my $r = Register->new(now => '2026-03-10T07:00:00Z');
sub feed {
    my ($operator, @spans) = @_;
    my @rows;
    for my $span (@spans) {
        my ($tac, $from, $to, $rat) = @$span;
        push @rows, map { sprintf "2026-03-01,$tac%06d,4010100%08d,,$rat", $_, $_ } $from .. $to;
    }
    my $got = $r->run('feed', 'load', '--operator', $operator, '--accept', 'all', '--reason', 'test', $r->file("$operator.csv", lines('date,imei,imsi,msisdn,rat', @rows)));
    is $got->{code}, 0, "a file of $operator" or diag $got->{err};
}

feed('Altel', ['35735007', 1, 10, '006'], ['35735008', 11, 17, '006|001'], ['00101700', 20, 25, '002']);
feed('Kcell', ['35735008', 15, 22, '001'], ['00101700', 25, 25, '002']);
my $none = json($r->run('--json', 'findings')->{out});
is_deeply [@$none{qw(list_of_models tac_missing in_use)}], [JSON::PP::false, undef, 28], 'without a list of models none is missing';
is $r->run('import', 'tac', $r->file('tac.csv', lines('tac,name,name', '35735007,Nokia,3310')))->{code}, 0, 'a list';
my $got = $r->run('--json', 'findings');
is $got->{code}, 0, 'findings' or diag $got->{err};
my $all = json($got->{out});
is_deeply [map { [@{$all->{$_}}{qw(imeis models)}] } qw(tac_missing tac_test)],
  [[12, [{tac => '35735008', brand => '', model => '', imeis => 12}]], [6, [{tac => '00101700', brand => '', model => '', imeis => 6}]]], 'by model';
is_deeply $all->{operators}, {told => JSON::PP::true, small => 0, none => {tac_missing => 0, tac_test => 0, tac_later => 0},
    list => [{name => 'Altel', tac_missing => 7, tac_test => 6, tac_later => 0}, {name => 'Kcell', tac_missing => 8, tac_test => undef, tac_later => 0}]}, 'by operator; one phone is few';
is_deeply $all->{radio_seen}, [{operator => 'Altel', rows => {'2G' => 6, '3G' => 7, '4G' => 17, '5G' => 0, '3GPP2' => 0}, wrong => undef},
    {operator => 'Kcell', rows => {'2G' => 1, '3G' => 8, '4G' => 0, '5G' => 0, '3GPP2' => 0}, wrong => undef}], 'radio that was seen' or diag $got->{out};
is_deeply [@$all{qw(list_of_details tac_later radio_wrong)}], [JSON::PP::false, undef, undef], 'and what the list does not say';
is_deeply $all->{tac_missing}{months}, [{month => '2026-03', imeis => 12}], 'by month of the first use';
unlike $got->{out}, qr/(35735008|00101700)\d{6}/, 'examples are masked';
is scalar @{$all->{tac_missing}{examples}}, 1, 'one of a TAC';
my $one = json($r->run('--json', 'findings', '--operator', 'Kcell')->{out});
is_deeply [map { $one->{$_}{imeis} } qw(tac_missing tac_test)], [8, undef], 'of one operator';
is_deeply [map { $_->{operator} } @{$one->{radio_seen}}], ['Kcell'], 'and his rows';
is $r->run('findings', '--operator', 'nobody')->{code}, 2, 'no such operator';
is json($r->run('--json', 'findings', '--test-tacs', '35735007,99')->{out})->{tac_test}{imeis}, 10, 'test TACs are a setting';
is $r->run('findings', '--test-tacs', '0')->{code}, 2, 'two digits at least';
like $r->run('findings')->{out}, qr/^12 of them have a TAC that is not in our list of models\n.*^radio seen, rows of Altel: 2G 6 /ms, 'as text';

# ---- a list that says when TACs were allocated, and which radio their phones have ----

my $gsma = $r->file('gsma.txt', lines('TAC|Brand Name|Marketing Name|Allocation Date|Bands|Device Type',
        '35735007|Nokia|3310|02-Mar-2026|GSM 900,WCDMA FDD Band I|Smartphone', '35735008|Nokia|8|28-Feb-2026|LTE FDD BAND 3|Smartphone',
        '35735009|Nokia|9|10-Mar-2027||Smartphone', '35735010|Nokia|10|32-Jan-2020||Smartphone'));
$got = $r->run('--json', 'import', 'tac', $gsma);
is $got->{code}, 0, "GSMA's list" or diag $got->{err};
is_deeply [@{json($got->{out})}{qw(models dated with_radio undated)}], [4, 2, 2, 2], 'what it says, and which days are none';
$all = json($r->run('--json', 'findings')->{out});
is_deeply [map { [@{$all->{$_}}{qw(imeis models)}] } qw(tac_missing tac_later)],
  [[0, []], [10, [{tac => '35735007', brand => 'Nokia', model => '3310', imeis => 10}]]], 'used before it was allocated';
is_deeply $all->{radio_wrong}, {tacs => 2, models => [
        {tac => '35735008', brand => 'Nokia', model => '8', has => ['4G'], seen => ['3G'], rows => 15},
        {tac => '35735007', brand => 'Nokia', model => '3310', has => ['2G', '3G'], seen => ['4G'], rows => 10}]}, 'radio that a model does not have';
is_deeply [map { $_->{wrong} } @{$all->{radio_seen}}], [{'2G' => 0, '3G' => 7, '4G' => 10, '5G' => 0, '3GPP2' => 0}, {'2G' => 0, '3G' => 8, '4G' => 0, '5G' => 0, '3GPP2' => 0}], 'by operator';
is_deeply [map { $_->{name} . " $_->{tac_later}" } grep { $_->{tac_later} } @{$all->{operators}{list}}], ['Altel 10'], 'and who saw them';
like $r->run('findings')->{out}, qr/^10 of them were used before their TAC was allocated\n.*^2 TACs were seen with radio .*^ +15  35735008 Nokia 8: 3G$/ms, 'as text';
like $r->run('import', 'tac', '--date', '2026-03-09', $gsma)->{out}, qr/^2 say when .*\n  line 4: `10-Mar-2027` is no day/m, 'which day is none';
ok $r->whole, 'the register is whole';
done_testing;
