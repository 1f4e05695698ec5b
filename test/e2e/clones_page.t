#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# clones_page - a clone case at the officer's desk: the list, what was seen, confirmed by two officers through the pages,
# dismissed with a reason; what the public hears meanwhile; the figures; the report.
use strict;
use warnings;
use utf8;
use FindBin;
use lib $FindBin::Bin;
use Encode qw(decode);
use POSIX qw(strftime);
use People;
use Register;
use Test::More;

my $r = Register->new;
people_of($r);
staff('erlan', 'officer');
staff('dana', 'officer');
my ($clone, $other) = (imei(1), imei(2));
my @days = map { strftime '%Y-%m-%d', gmtime time - 86400 * $_ } 1 .. 12;
my @rows = map { my $day = $_; map { my $n = $_; map { "$day,$_,40101000000000$n,,006" } $clone, $other } 1 .. 3 } @days;
is $r->run('feed', 'load', '--operator', 'alpha', '--accept', 'all', '--reason', 'test',
    $r->file('feed.csv', lines('date,imei,imsi,msisdn,rat', @rows)))->{code}, 0, 'three users each, on twelve days';
my $opened = $r->actor('erlan')->run('--json', 'clones');
is eval { json($opened->{out})->{opened} }, 2, 'two cases' or diag $opened->{err};
$r->actor(undef);
$r->settings("[portal]\nopen = yes\n");
my $server = $r->serve;
people_server($server);
my ($erlan, $dana) = map { enter_staff($_) } qw(erlan dana);

sub page { my ($path, $who) = @_; my ($status, undef, undef, $text) = ask('GET', $path, undef, $who); return decode('UTF-8', $text // '') }
sub form {
    my ($path, $fields, $who) = @_;
    return (ask('POST', $path, "csrf=$who->{csrf}$fields", {token => $who->{token}},
        'Content-Type' => 'application/x-www-form-urlencoded'))[0];
}
sub said { my ($imei, @imsi) = @_; return json($r->run('--json', 'check', @imsi, $imei)->{out}) }

like page('/desk?lang=ru', $erlan), qr/Дубликатов IMEI ждут решения: 2/, 'the desk says how many wait';
my $list = page('/desk/clones?lang=ru', $erlan);
my %case = reverse $list =~ m{/desk/clones/(\d+)\?lang=ru">IMEI (\d{15})}g;
is_deeply [sort keys %case], [sort $clone, $other], 'both are listed';
unlike $list, qr{href="[^"]*\d{15}}, 'no address names an IMEI';
my ($at, $second) = map { "/desk/clones/$case{$_}" } $clone, $other;
for my $lang (['kk', 'Тексеріліп жатыр'], ['ru', 'Проверяется'], ['en', 'Under examination']) {
    my $page = page("$at?lang=$lang->[0]", $erlan);
    like $page, qr/\Q$lang->[1]\E/, "$lang->[0]: its state";
    is scalar(() = $page =~ /type="checkbox"/g), 3, 'three users to choose from';
    unlike $page, qr/40101\d/, 'none by his IMSI';
}
is form("$at/confirm", '&u2=yes', $erlan), 303, 'one officer chooses';
is_deeply [@{said($clone)}{qw(list duplicate)}], ['grey', JSON::PP::true], 'nobody is cut off; the public hears duplicate';
is form("$at/confirm", '&u2=yes', $erlan), 403, 'not he alone';
like page("$at?lang=ru", $dana), qr/name="u2" value="yes" checked/, 'the other sees whom he chose';
is form("$at/confirm", '&u2=yes', $dana), 303, 'and agrees';
like page("$at?lang=ru", $dana), qr/Подтверждён/, 'confirmed';
is_deeply [map { said($clone, '--imsi', "40101000000000$_")->{served} ? 1 : 0 } 1 .. 3], [0, 1, 0], 'the one chosen is served';
is form("$second/dismiss", '&reason=+', $dana), 400, 'to dismiss one says why';
is form("$second/dismiss", '&reason=shop', $dana), 303, 'dismissed';
is said($other)->{duplicate}, JSON::PP::false, 'nothing is said any more';
is((ask('GET', '/desk/clones/99', undef, $erlan))[0], 404, 'no such case');
is((ask('GET', '/desk/clones?state=x', undef, $erlan))[0], 400, 'no such state');
my $figures = (ask('GET', '/api/v1/clones/figures'))[1]{months}[0];
is_deeply [@$figures{qw(opened confirmed dismissed fleets)}], [undef, undef, undef, 0], 'no figure under ten is public';
my $report = (ask('GET', '/api/v1/desk/clones/report.csv', undef, $erlan))[3];
is scalar(() = $report =~ /^\d{15},3,"alpha",/mg), 2, 'the report';
unlike $report, qr/40101\d/, 'without a subscriber';

done_testing;
