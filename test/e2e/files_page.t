#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# files_page - the pages for files of devices, as forms are sent: whose file it is, what is typed wrong stays beside its
# field and files nothing, sent twice it is filed once, a list of more than 20,000 devices comes in tables, and
# the desk's one choice decides all of it.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Bulk;
use Portal;
use Register;
use Test::More;

my $r = Register->new;
my $p = Portal->new($r, border => 0);
$p->staff($_, 'officer') for 'erlan', 'dana';
my $iin = Portal::number_of('8501013');
$p->person('aigul', 'АХМЕТОВА АЙГҮЛ', '8501013');
$p->organisation('firm', 'ТОО Импорт', $iin, '0101400');
$p->organisation('other', 'ТОО Другое', $iin, '0202400');
$p->serve;
my ($firm, $other, $aigul) = map { $p->enter($_) } 'firm', 'other', 'aigul';
my ($erlan, $dana) = map { $p->enter_staff($_) } 'erlan', 'dana';
my $b = Bulk->new($p, $firm);
my $tac = '35267705';

# A page in Russian, as somebody: (status, what it says, where it leads).
sub page {
    my ($who, $path) = @_;
    my ($status, undef, $head, $text) = $p->ask('GET', "$path?lang=ru", undef, $who);
    return ($status, $text, $head =~ /^Location: (\S+)/mi ? $1 : '');
}

# A form of a page, with the session's mark unless told other.
sub form {
    my ($who, $path, %fields) = @_;
    $fields{csrf} //= $who->{csrf};
    my $body = join '&', map { my $v = $fields{$_}; $v =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ge; "$_=$v" } sort keys %fields;
    my ($status, undef, $head, $text) = $p->ask('POST', "$path?lang=ru", $body, $who, 'Content-Type' => 'application/x-www-form-urlencoded');
    return ($status, $text, $head =~ /^Location: (\S+)/mi ? $1 =~ s/\?lang=ru$//r : '');
}
sub applications { my ($who) = @_; return scalar @{($p->ask('GET', '/api/v1/applications', undef, $who))[1]{applications}} }
sub checked { my ($n) = @_; return Register::poll(20, sub { ($p->ask('GET', "/api/v1/desk/$n", undef, $erlan))[1]{checked} }) }

# ---- whose it is, and where it stands ----

my $u = $b->send_whole(Register::lines($header, row(imei(1, $tac)), row('123'), row(imei(2, $tac))));
my $at = "/files/$u->{id}.import";
is((page($firm, $at))[0], 200, 'a file that was sent');
like((page($firm, '/cabinet'))[1], qr{href="/files/$u->{id}\?lang=ru">devices\.csv}, '... the cabinet tells that it waits');
is((page($other, $at))[0], 404, '... nobody else sees it');
is((page($firm, $_))[0], 404, "no place: $_") for '/files/recheck', '/files/0000000000000000', "/files/$u->{id}.repair", "/files/$u->{id}.import.import";
is((page($aigul, '/files/import'))[2], '/apply?lang=ru', 'a person imports nothing: he is led to what he files');
is((page($aigul, '/files/before_duty'))[0], 200, '... what he had before the duty may come as a file');
like((page(undef, $at))[2], qr{^/sign-in\?next=$at}, 'nobody: to the sign-in and back');

# ---- what is typed wrong ----

sub refused { my ($name, $status, $says, %fields) = @_;
    my ($s, $text) = form($firm, $at, %fields);
    is $s, $status, $name;
    like $text, $says, '... and it is said';
    return;
}
refused('without the mark for rows with faults', 400, qr/id="accept-wrong"/, document => 'KZ-1');
refused('a document that is too long', 413, qr/id="document-wrong".*value="K{64}"/s, accept => 'yes', document => 'K' x 65);
refused('a country that is none', 400, qr/role="alert"/, accept => 'yes', country => 'Kz');
my ($bare, $asks) = form($firm, "/files/$u->{id}", accept => 'yes');
is $bare, 400, 'no kind chosen';
like $asks, qr/id="kind-wrong"/, '... and it is said';
is((form($firm, "/files/$u->{id}", accept => 'yes', kind => 'repair'))[0], 400, 'a kind that comes as no file');
is((form($firm, $at, accept => 'yes', csrf => 'f' x 32))[0], 403, 'without the mark of the session');
is((form($other, $at, accept => 'yes'))[0], 404, 'of another');
is applications($firm), 0, 'nothing was filed';

# ---- filed, once ----

my ($status, undef, $to) = form($firm, $at, accept => 'yes', document => 'KZ-55301/1', country => 'CN');
is $status, 303, 'filed';
my ($n) = $to =~ m{^/cabinet/(\d{4}-\d{10})/filed$};
ok $n, '... and led to its receipt';
is((form($firm, $at, accept => 'yes'))[2], $to, 'sent twice it is filed once');
is applications($firm), 1, '... indeed';
like((page($firm, $at))[1], qr{/cabinet/$n\?}, 'its page leads there');
my (undef, $json) = $p->ask('GET', "/api/v1/applications/$n", undef, $firm);
is_deeply [@$json{qw(kind document country)}, $json->{file}{devices}], ['import', 'KZ-55301/1', 'CN', 2], 'as it was typed';
is((form($firm, "/files/$u->{id}/drop"))[0], 303, 'a filed one is not dropped');
is $b->look($u->{id})->{state}, 'filed', '... it stays';

# ---- the desk ----

ok checked($n), 'it waits for an officer';
is((form($erlan, "/desk/$n/decide", d0 => 'approve'))[0], 409, 'first claim it');
is((form($erlan, "/desk/$n/claim"))[0], 303, 'claimed');
is((form($erlan, "/desk/$n/decide"))[0], 400, 'nothing chosen');
is((form($erlan, "/desk/$n/decide", d0 => 'approve', d1 => 'approve'))[0], 400, 'two choices for one list');
like((form($erlan, "/desk/$n/decide", d0 => 'approve', note => 'Да'))[2], qr/done=decided/, 'two devices: one officer');
ok Register::poll(20, sub { ($r->check(imei(2, $tac)))[0]{list} eq 'white' }), 'white';
is((form($dana, "/desk/$n/confirm"))[0], 404, 'nothing to confirm');

# ---- a list that comes in tables ----

my $great = $b->send_whole(Register::lines($header, map { row(imei($_, '35267706')) } 1 .. 20_010));
(undef, undef, $to) = form($firm, "/files/$great->{id}.manufacture");
($n) = $to =~ m{(\d{4}-\d{10})};
my (undef, $text) = page($firm, "/cabinet/$n");
my @tables = $text =~ m{<a download href="(/api/v1/applications/$n/devices\.csv[^"]*)"}g;
is scalar @tables, 2, '20,010 devices: two tables';
is_deeply [map { s/&amp;/&/g; my $csv = ($p->ask('GET', $_, undef, $firm))[3]; scalar(() = $csv =~ /\n/g) - 1 } @tables], [20_000, 10], '... that hold all of them';
ok checked($n), 'checked';
form($erlan, "/desk/$n/claim");
like((form($erlan, "/desk/$n/decide", d0 => 'approve', note => 'Сверено'))[2], qr/done=proposed/, 'many devices: proposed');
(undef, $text) = page($dana, "/desk/$n");
like $text, qr/id="confirm"/, 'the second officer has his form';
like $text, qr/Сверено/, '... and the first one\'s words';
is scalar(() = $text =~ m{/api/v1/desk/$n/devices\.csv}g), 2, '... and both tables';
unlike((page($firm, "/cabinet/$n"))[1], qr/Сверено/, 'the applicant does not read them yet');
is((form($erlan, "/desk/$n/confirm"))[0], 403, 'not by the same person');
like((form($dana, "/desk/$n/confirm"))[2], qr/done=confirmed/, 'confirmed');
ok Register::poll(30, sub { (page($firm, "/cabinet/$n"))[1] =~ /Сверено/ && ($p->ask('GET', "/api/v1/applications/$n", undef, $firm))[1]{state} eq 'approved' }), 'approved, and told';

Register::stop($p->{server}{pid});
ok $r->whole, 'the register is whole';
done_testing;
