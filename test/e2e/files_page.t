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
SKIP: { # 20,010 devices are entered in some tenths of a second
    my @looks = map { [($p->ask('GET', "/cabinet/$n?lang=ru$_", undef, $firm))[2, 3]] } '', '&still=1';
    skip 'all is entered already', 4 if grep { $_->[1] !~ /Устройства вносятся в реестр/ } @looks;
    like $looks[0][0], qr/^Refresh: 10\r$/m, 'while it is entered, its page loads itself anew';
    like $looks[0][1], qr{обновляется сама каждые 10.*href="/cabinet/$n\?still=1&amp;lang=ru"}s, '... says so, and how to stop it';
    unlike $looks[1][0], qr/^Refresh:/m, 'whoever is disturbed stops it';
    like $looks[1][1], qr{href="/cabinet/$n\?still=1&amp;lang=ru"}, '... and looks when he is ready';
}
ok Register::poll(30, sub { (page($firm, "/cabinet/$n"))[1] =~ /Сверено/ && ($p->ask('GET', "/api/v1/applications/$n", undef, $firm))[1]{state} eq 'approved' }), 'approved, and told';

# ---- sent by a form, without a script ----

# The form of a kind, as somebody: a list of parts, each [name, value] or [name, value, file name].
sub send_file {
    my ($who, $kind, @parts) = @_;
    my $body = join '', map { "--b0\r\nContent-Disposition: form-data; name=\"$_->[0]\"" . (defined $_->[2] ? "; filename=\"$_->[2]\"\r\nContent-Type: text/csv" : '') . "\r\n\r\n$_->[1]\r\n" }
        ['csrf', $who->{csrf}], @parts;
    my ($s, undef, $head, $html) = $p->ask('POST', "/files/$kind/send?lang=ru", "$body--b0--\r\n", {token => $who->{token}}, 'Content-Type' => 'multipart/form-data; boundary=b0');
    return ($s, $html, $head =~ /^Location: (\S+)/mi ? $1 =~ s/\?lang=ru$//r : '');
}
($status, $text) = page($firm, '/files/import');
like $text, qr{<form method="post" enctype="multipart/form-data" action="/files/import/send\?lang=ru" class="ask">\n<input type="hidden" name="csrf"}, 'the page has a form that needs no script';
like $text, qr/Не больше 15 мегабайт/, '... and says how much it takes';
my $csv = Register::lines($header, row(imei(1, '35267707'), imei(2, '35267707')), row('12'));
($status, undef, $to) = send_file($firm, 'import', [key => 'k1'], [files => $csv, 'груз.csv']);
is $status, 303, 'sent whole';
my ($sent) = $to =~ m{^/files/([0-9a-f]{16})\.import$};
ok $sent, '... and led to its page';
$u = $b->settled($sent);
is_deeply [@$u{qw(state name rows bad devices)}], ['ready', 'груз.csv', 2, 1, 1], '... its check began at once';
is((send_file($firm, 'import', [key => 'k1'], [files => $csv, 'груз.csv']))[2], $to, 'sent twice it is one');
is((send_file($firm, 'import', [key => 'k2'], [files => $csv, '<i>&.csv']))[0], 303, 'another form, another file');
like((page($firm, '/files'))[1], qr/&lt;i&gt;&amp;\.csv/, '... whose name is text');
like((form($firm, $to, accept => 'yes'))[2], qr{^/cabinet/\d{4}-\d{10}/filed$}, 'it is filed as any other');
for my $case (['nothing chosen', 400, qr/Выберите файл/, ['files', '', '']], ['no file at all', 400, qr/Выберите файл/], ['an empty one', 400, qr/Файл пуст/, ['files', '', 'a.csv']],
    ['two', 400, qr/один файл/, ['files', $csv, 'a.csv'], ['files', $csv, 'b.csv']], ['15 MB and more', 413, qr/больше 15 мегабайт/, ['files', 'x' x (15 << 20), 'a.csv']]) {
    my ($name, $want, $says, @parts) = @$case;
    my ($s, $html, $led) = send_file($firm, 'import', @parts);
    is $s, $want, "$name: not taken";
    like $html, qr/id="files-wrong".*$says/s, '... which stands beside the field';
}
is((send_file($other, 'import', [files => "\x89PNG\r\n", 'a.png']))[0], 303, 'what is no table is taken,');
my ($no_table) = @{($p->ask('GET', '/api/v1/uploads', undef, $other))[1]{uploads}};
my $theirs = Bulk->new($p, $other);
is $theirs->settled($no_table->{id})->{state}, 'failed', '... and its page says that it is none';
is((send_file($aigul, 'import', [files => $csv, 'a.csv']))[0], 403, 'a kind that is not his');
is((send_file($firm, $_, [files => $csv, 'a.csv']))[0], 404, "$_: no place to send one") for 'repair', $sent, "$sent.import";
is((send_file({%$firm, csrf => 'f' x 32}, 'import', [files => $csv, 'a.csv']))[0], 403, 'without the mark of the session');
my $open_uploads = @{($p->ask('GET', '/api/v1/uploads', undef, $firm))[1]{uploads}};
my $last = 303;
for my $n ($open_uploads .. 30) { ($last, $text) = send_file($firm, 'import', [files => $csv, "$n.csv"]); last if $last != 303 }
isnt $last, 303, 'so many files that are not filed, and no more';
like $text, qr/role="alert"/, '... which is said';

Register::stop($p->{server}{pid});
ok $r->whole, 'the register is whole';
done_testing;
