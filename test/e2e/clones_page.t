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
sub version { my ($path, $who) = @_; my ($is) = page("$path?lang=ru", $who) =~ /name="version" value="(\d+)"/; return $is }
sub act { my ($path, $what, $fields, $who) = @_; return form("$path/$what", '&version=' . version($path, $who) . $fields, $who) }
sub said { my ($imei, @imsi) = @_; return json($r->run('--json', 'check', @imsi, $imei)->{out}) }

like page('/desk?lang=ru', $erlan), qr/Дубликатов IMEI, которые ждут решения: 2/, 'the desk says how many wait';
my $list = page('/desk/clones?lang=ru', $erlan);
my %case = reverse $list =~ m{/desk/clones/(\d+)\?lang=ru">IMEI (\d{15})}g;
is_deeply [sort keys %case], [sort $clone, $other], 'both are listed';
unlike $list, qr{href="[^"]*\d{15}}, 'no address names an IMEI';
my ($at, $second) = map { "/desk/clones/$case{$_}" } $clone, $other;
for my $lang (['kk', 'Тексеріліп жатыр'], ['ru', 'Проверяется'], ['en', 'Under examination']) {
    my $page = page("$at?lang=$lang->[0]", $erlan);
    like $page, qr/\Q$lang->[1]\E/, "$lang->[0]: its state";
    is scalar(() = $page =~ /type="checkbox" name="u/g), 3, 'three users to choose from';
    is scalar(() = $page =~ /name="none"/g), 1, 'and nobody';
    unlike $page, qr/40101\d/, 'none by his IMSI';
}
is form("$at/confirm", '&u2=yes', $erlan), 400, 'a form without a version is none of ours';
is act($at, 'confirm', '', $erlan), 400, 'an empty form confirms nothing';
is act($at, 'confirm', '&u2=yes&none=yes', $erlan), 400, 'nor one that says both';
is said($clone)->{list}, 'grey', 'nobody is cut off by it';
my $old = version($at, $dana);
is act($at, 'confirm', '&u2=yes', $erlan), 303, 'one officer chooses';
my ($status, undef, undef, $text) = ask('POST', "$at/confirm", "csrf=$dana->{csrf}&version=$old&u1=yes", {token => $dana->{token}},
    'Content-Type' => 'application/x-www-form-urlencoded', 'Accept-Language' => 'ru');
is $status, 409, 'who had the page open before that changes nothing';
like decode('UTF-8', $text), qr/дело изменилось.*name="u2" value="yes" checked/s, 'and sees the case as it is now';
is_deeply [@{said($clone)}{qw(list duplicate)}], ['grey', JSON::PP::true], 'nobody is cut off; the public hears duplicate';
is act($at, 'confirm', '&u2=yes', $erlan), 403, 'not he alone';
like page("$at?lang=ru", $dana), qr/name="u2" value="yes" checked/, 'the other sees whom he chose';
is act($at, 'confirm', '&u2=yes', $dana), 303, 'and agrees';
like page("$at?lang=ru", $dana), qr/Подтверждён/, 'confirmed';
is_deeply [map { said($clone, '--imsi', "40101000000000$_")->{served} ? 1 : 0 } 1 .. 3], [0, 1, 0], 'the one chosen is served';

# --- corrected ---

like page("$at?lang=ru", $dana), qr/Исправить пользователей/, 'a confirmed one can be corrected';
is act($at, 'correct', '&u1=yes', $dana), 400, 'with a reason';
is act($at, 'correct', '&u2=yes&why=bill', $dana), 400, 'and other users';
is act($at, 'correct', '&why=bill', $dana), 400, 'an empty form does not leave all without service';
is act($at, 'correct', '&u1=yes&why=bill', $erlan), 403, 'not by who chose them';
is act($at, 'correct', '&u1=yes&why=bill', $dana), 303, 'another officer proposes it';
like page("$at?lang=ru", $erlan), qr/Предложено обслуживать других пользователей.*name="u1" value="yes" checked.*>\s*bill</s, 'the first one sees it';
is act($at, 'correct', '&u1=yes&why=bill', $erlan), 303, 'and agrees';
is_deeply [map { said($clone, '--imsi', "40101000000000$_")->{served} ? 1 : 0 } 1 .. 3], [1, 0, 0], 'the other one is served';

is act($second, 'dismiss', '&reason=+', $dana), 400, 'to dismiss one says why';
is act($second, 'dismiss', '&reason=shop', $dana), 303, 'dismissed';
is said($other)->{duplicate}, JSON::PP::false, 'nothing is said any more';
is((ask('GET', '/desk/clones/99', undef, $erlan))[0], 404, 'no such case');
is((ask('GET', '/desk/clones?state=x', undef, $erlan))[0], 400, 'no such state');

# --- by API ---

sub api { my ($method, $path, $body, $who, @head) = @_; my ($s, $json) = ask($method, "/api/v1/desk/clones$path", $body, $who, @head); return ($s, $json) }
my ($n1) = $at =~ /(\d+)\z/;
my ($s, $json) = api('GET', '?state=confirmed', undef, $erlan);
is_deeply [map { "$_->{number} $_->{imei} $_->{state}" } @{$json->{clones}}], ["$n1 $clone confirmed"], 'those of a state';
is((api('GET', '?state=x', undef, $erlan))[0], 400, 'no such state');
is((api('GET', '?after=99', undef, $erlan))[0], 400, 'no such case to go on from');
is((api('GET', '/99', undef, $erlan))[0], 404, 'no such case');
($s, $json) = api('GET', "/$n1", undef, $dana);
is_deeply [map { $_->{served} ? 1 : 0 } @{$json->{users}}], [1, 0, 0], 'one of them, with its users';
is_deeply [@$json{qw(state proposed reason subscribers rules)}], ['confirmed', undef, 'bill', 3, ['average']], 'and what was seen';
unlike(JSON::PP->new->encode($json), qr/40101\d/, 'no IMSI');
my $v = $json->{version};
for my $wrong ([{reason => 'x', users => [2]}, 'version'], [{version => $v, reason => 'x'}, 'users'], [{version => $v, reason => 'x', users => []}, 'users'],
    [{version => $v, reason => 'x', users => [1], none => JSON::PP::true}, 'users'], [{version => $v, reason => 'x', users => [4]}, 'users'],
    [{version => $v, users => [2]}, 'reason'], [{version => $v, reason => 'x', none => 'yes'}, 'none']) {
    my ($status, $problem) = api('POST', "/$n1/correct", $wrong->[0], $erlan);
    is "$status $problem->{reason} $problem->{field}", "400 USAGE $wrong->[1]", "what is wrong: $wrong->[1]";
}
is((api('POST', "/$n1/confirm", {version => $v, users => [2]}, $erlan))[1]{reason}, 'NOT_NOW', 'it is confirmed already');
is((api('POST', "/$n1/correct", {version => $v - 1, users => [2], reason => 'x'}, $erlan))[1]{reason}, 'STALE', 'a version that is gone');
my %wish = (version => $v, none => JSON::PP::true, reason => 'all are copies');
my @key = ('Idempotency-Key' => 'k1');
($s, $json) = api('POST', "/$n1/correct", {%wish}, $erlan, @key);
is "$s $json->{proposed} " . ($json->{proposed_by_you} ? 1 : 0), '200 corrected 1', 'a correction is proposed';
is((api('POST', "/$n1/correct", {%wish}, $erlan, @key))[0], 200, 'sent again it is the same');
is((api('POST', "/$n1/correct", {%wish, reason => 'other'}, $erlan, @key))[1]{reason}, 'IDEMPOTENCY', 'the key is for nothing else');
($s, $json) = api('POST', "/$n1/correct", {%wish, version => $json->{version}}, $dana);
is "$s " . ($json->{proposed} // '-') . ' ' . scalar(grep { $_->{served} } @{$json->{users}}), '200 - 0', 'another agrees: nobody is served';
is said($clone, '--imsi', '401010000000001')->{served}, JSON::PP::false, 'as networks hear it';
($s, $json) = api('POST', "/$n1/dismiss", {version => $json->{version}}, $dana);
is "$s $json->{field}", '400 reason', 'lifting it wants a reason';
my $figures = (ask('GET', '/api/v1/clones/figures'))[1]{months}[0];
is_deeply [@$figures{qw(opened confirmed dismissed fleets)}], [undef, undef, undef, 0], 'no figure under ten is public';
my $report = (ask('GET', '/api/v1/desk/clones/report.csv', undef, $erlan))[3];
is scalar(() = $report =~ /^\d{15},3,"alpha",/mg), 2, 'the report';
unlike $report, qr/40101\d/, 'without a subscriber';

done_testing;
