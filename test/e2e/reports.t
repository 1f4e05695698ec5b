#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# reports - what the register's staff, the ministry and an operator hear of operators: which lists they applied and how old
# these are, black phones that they saw after that, by day; what their data are worth; phones with an odd TAC, by month.
# By API, as tables, as pages in three languages, in /metrics.
use strict;
use warnings;
use utf8;
use FindBin;
use lib $FindBin::Bin;
use Portal;
use Register;
use Test::More;

my ($imsi, $tac) = ('401070000000001', '35735007');
my $r = Register->new(now => '2026-03-01T07:00:00Z');
my $p = Portal->new($r, border => 0);
$p->staff('erlan', 'officer');
$p->staff('madina', 'ministry');
$p->staff('kanat', 'operator', '--body', 'Altel');
sub feed {
    my ($name, @rows) = @_;
    my $got = $r->run('feed', 'load', '--operator', $name, '--accept', 'all', '--reason', 'test', $r->file("$name.csv", lines('date,imei,imsi,msisdn,rat', @rows)));
    is $got->{code}, 0, "a file of $name" or diag $got->{err};
}
my @black = map { imei($_, $tac) } 1 .. 3;
$r->run('suspend', '--mark', 'stolen', '--by', 'police', '--order', 'A/1', $_) for @black[0, 1];
feed('Altel', "2026-02-28,$black[0],$imsi,77010000001,006", "2026-02-28,$black[2],$imsi,77010000001,006", "2026-02-28,*,$imsi,77010000001,006");
my $out = $r->path('out');
is $r->run('lists', '--operator', 'Altel', '--out', $out)->{code}, 0, 'its lists';
my ($cursor) = Register::slurp("$out/black.csv") =~ /cursor=(\S+) /;
is $r->run('lists', 'receipt', '--operator', 'Altel', '--cursor', $cursor)->{code}, 0, 'are applied';
$r->now('2026-03-04T07:00:00Z');
is $r->run('import', 'tac', $r->file('gsma.txt', lines('TAC|Brand Name|Marketing Name|Allocation Date|Bands', '35735007|Nokia|3310|02-Mar-2026|GSM 900')))->{code}, 0, 'a list of models';
feed('Altel', (map { "2026-03-0$_,$black[0],$imsi,77010000001,006" } 2, 3), "2026-03-03,$black[1],$imsi,77010000001,006");
feed('Kcell', "2026-03-03,$black[0],$imsi,77010000001,006");
$r->run('suspend', '--mark', 'lost', '--by', 'police', '--order', 'A/2', $black[2]);
$r->now('2026-03-05T08:00:00Z');

my $server = $p->serve;
my %who = map { $_ => $p->enter_staff($_) } qw(erlan madina kanat);
sub get { my ($who, $path) = @_; return $p->ask('GET', $path, undef, $who{$who}) }

# ---- violations ----

my ($status, $json);
ok poll(20, sub { ($status, $json) = get('madina', '/api/v1/violations'); $status == 200 && @{$json->{operators}[0]{lists} // []} }), 'all operators' or diag explain $json;
is_deeply [map { $_->{operator} } @{$json->{operators}}], ['Altel', 'Kcell'], 'those who sent something';
my $of = $json->{operators}[0];
is_deeply $of->{violations}, {from => '2026-03-02', to => '2026-03-05', imeis => 2, more => JSON::PP::false, oldest => '2026-03-02',
    days => [{day => '2026-03-02', imeis => 1}, {day => '2026-03-03', imeis => 2}]}, 'by day' or diag explain $of;
is_deeply [@{$of->{lists}[0]}{qw(list waiting late)}], ['black', 1, JSON::PP::true], 'and what he lacks, since a day';
is_deeply [@{$json->{operators}[1]}{qw(lists violations)}], [[], undef], 'without a receipt nothing is told';
($status, $json) = get('kanat', '/api/v1/operators/Altel/violations');
is_deeply [map { [@$_{qw(imei reason days first_day last_day)}] } @{$json->{rows}}],
  [[$black[0], 'STOLEN', 2, '2026-03-02', '2026-03-03'], [$black[1], 'STOLEN', 1, '2026-03-03', '2026-03-03']], 'an operator sees which' or diag explain $json;
is((get('kanat', '/api/v1/operators/Kcell/violations'))[0], 403, "... not another's");
is((get('kanat', '/api/v1/operators/Kcell/violations.csv'))[0], 403, "... nor its table");
is((get('kanat', '/api/v1/violations'))[0], 403, '... nor all');
my $key = Register::json($r->run('--json', 'user', 'key', 'create', '--name', 'Altel/lists', '--scope', 'lists')->{out});
my $by_key = sub { (Register::http($server, 'GET', "/api/v1/operators/$_[0]/violations", {Authorization => "Bearer $key->{key}"}))[0] };
ok poll(10, sub { $by_key->('Altel') == 200 }), 'by its key';
is $by_key->('Kcell'), 403, "... and not another's";
my (undef, undef, $head, $table) = get('erlan', '/api/v1/violations.csv');
like $head, qr{^Content-Type: text/csv}mi, 'a table';
like $table, qr/^Altel,$black[0],STOLEN,2026-03-01,2026-03-01T[0-9:]+Z,2,2026-03-02,2026-03-03\r$/m, '... of all';
is scalar(() = $table =~ /\r\n/g), 3, '... and no more';
unlike $table, qr/4010|7701/, '... nobody in it';
is((get('kanat', '/api/v1/operators/Altel/violations.csv'))[3], $table, 'an operator has the same of its own');
my $metrics = (Register::http($server, 'GET', '/metrics'))[1];
like $metrics, qr/^tamga_list_violations\{operator="Altel"\} 2\ntamga_|^tamga_list_violations\{operator="Altel"\} 2$/m, 'in /metrics';
like $metrics, qr/^tamga_feed_age_days\{operator="Altel"\} 2$/m, '... how old his newest day is';
like $metrics, qr/^tamga_list_violation_oldest_days\{operator="Altel"\} 3$/m, '... since when';
like $metrics, qr/^tamga_list_late\{operator="Altel",list="black"\} 1$/m, '... and who is late';

# ---- findings ----

($status, $json) = get('madina', '/api/v1/findings');
is $status, 200, 'findings' or diag explain $json;
is_deeply [$json->{tac_later}{imeis}, $json->{tac_later}{months}], [2, [{month => '2026-02', imeis => 2}]], 'by month of the first use';
is_deeply [map { "$_->{tac} $_->{rows} @{$_->{seen}}" } @{$json->{radio_wrong}{models}}], ['35735007 6 4G'], 'radio that it does not have';
is $json->{fleets}{cases}, 0, 'fleets';
(undef, undef, undef, $table) = get('erlan', '/api/v1/findings.csv');
like $table, qr/^tac_later,month,2026-02,2\r$/m, 'as a table';
like $table, qr/^radio_wrong,Kcell,4G,1\r$/m, '... by operator';
is((get('kanat', '/api/v1/findings'))[0], 403, 'not for an operator');

# ---- pages ----

for my $lang (qw(kk ru en)) {
    my (undef, undef, undef, $page) = get('madina', "/operators?lang=$lang");
    like $page, qr{href="/operators/Kcell(\?lang=$lang)?"}, "$lang: all operators";
    like $page, qr/class="expect black"/, "$lang: who is late";
    (undef, undef, undef, $page) = get('kanat', "/operators/Altel?lang=$lang");
    like $page, qr/STOLEN/, "$lang: an operator's own page: violations";
    like $page, qr{<code>star</code></th><td>1<}, "$lang: ... and what was set aside";
    (undef, undef, undef, $page) = get('erlan', "/findings?lang=$lang");
    like $page, qr{2026-02</th><td>2<}, "$lang: findings by month";
}
is((get('kanat', '/operators/Kcell'))[0], 403, "no page of another operator's");
is((get('erlan', '/operators/Nobody'))[0], 200, 'of one who sent nothing there is nothing to tell');
like +(get('kanat', '/operator'))[3], qr{href="/operators/Altel"}, "the operator's cabinet leads there";
like +(get('madina', '/ministry'))[3], qr{href="/findings"}, "and the ministry's";
like +(get('erlan', '/desk'))[3], qr{href="/operators"}, "and the officer's desk";
Register::stop($server->{pid});
ok $r->whole, 'the register is whole';
done_testing;
