#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# requests_pages - a seller to whom more requests came than a page shows, and an officer with more complaints: by page they
# come to the last of them, each stands on one page once, and what is no number of ours in an address is refused. The forms
# of both, sent without an answer: the page says beside each field what is missing, in three languages, and keeps the rest.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Portal;
use JSON::PP;
use POSIX qw(strftime);
use Register;
use Test::More;

my ($buyers, $each, $page) = (11, 5, 50); # five a day of one person
my $complainers = 17;

my $r = Register->new;
my $p = Portal->new($r, border => 0);
my $owner = Portal::number_of('9006154');
my $bin = $p->organisation('firm', 'ЖШС Дүкен', $owner, '0101400');
$p->person("buyer$_", "БЕКОВ БОЛАТ", sprintf '85010%02d', 10 + $_) for 1 .. $complainers;
$p->staff('erlan', 'officer');
$p->serve;
my $firm = $p->enter('firm');
my $day = strftime '%Y-%m-%d', localtime(time - 3 * 86_400);
my (%sent, %filed, @buyer);
for my $n (1 .. $buyers) {
    my $buyer = $buyer[$n] = $p->enter("buyer$n");
    for my $i (1 .. $each) {
        my ($status, $json) = $p->ask('POST', '/api/v1/requests', {imeis => [imei($n * 10 + $i, '35267706')], seller => {bin => $bin}, bought => $day}, $buyer);
        $sent{$json->{number} // ''} = 1;
    }
}
is scalar keys %sent, $buyers * $each, 'more requests than a page shows';
for my $n (1 .. $complainers) {
    my $buyer = $buyer[$n] //= $p->enter("buyer$n");
    for my $i (1 .. 3) { # a day of one person
        my ($status, $json) = $p->ask('POST', '/api/v1/complaints', {imeis => [imei($n * 10 + $i, '35267707')], seller => {bin => $bin}, bought => $day, text => 'Ақша'}, $buyer);
        $filed{$json->{number} // ''} = 1;
    }
}
is scalar keys %filed, 3 * $complainers, 'more complaints than a page shows';

sub page { my ($path) = @_; return ($p->ask('GET', $path, undef, $firm))[3] }
sub numbers { return $_[0] =~ m{href="/requests/(R\d{4}-\d{10})}g }

my $first = page('/requests');
my ($next) = $first =~ m{<a rel="next" href="([^"]+)"};
is scalar(my @newest = numbers($first)), $page, 'the newest';
like $next, qr{^/requests\?received=\d+$}, '... and the way to those before';
my $last = page($next);
is scalar(my @oldest = numbers($last)), $buyers * $each - $page, 'the others';
is_deeply [sort @newest, @oldest], [sort keys %sent], '... each of them once';
unlike $last, qr/rel="next"/, '... which are the last';
like $last, qr{<a class="" href="/requests">}, '... with a way back to the newest';
like page('/requests?lang=ru'), qr{href="/requests\?lang=ru&amp;received=\d+"}, 'the language goes with it';
is(($p->ask('GET', "/requests?received=$_", undef, $firm))[0], 400, "'$_' is no place in it") for 'x', '0', '-1';

# ---- complaints ----

my $erlan = $p->enter_staff('erlan');
sub seen { my ($path, $who) = @_; return ($p->ask('GET', $path, undef, $who))[0, 3] }
sub complaints { return $_[0] =~ m{href="/(?:desk/)?complaints/(C\d{4}-\d{10})}g }
my (undef, $queue) = seen('/desk/complaints', $erlan);
($next) = $queue =~ m{<a rel="next" href="([^"]+)"};
is scalar(my @waiting = complaints($queue)), $page, 'those that wait longest';
like $next, qr{^/desk/complaints\?after=\d+$}, '... and the way to the others';
(undef, my $rest) = seen($next, $erlan);
is_deeply [sort @waiting, complaints($rest)], [sort keys %filed], '... each of them once';
unlike $rest, qr/rel="next"/, '... which are the last';
my (undef, $own) = seen('/complaints', $buyer[1]);
is scalar(my @own = complaints($own)), 3, 'his own';
unlike $own, qr/rel="next"/, '... are one page';
my ($id) = $own[0] =~ /-0*(\d+)$/;
(undef, my $older) = seen("/complaints?after=$id", $buyer[1]);
is_deeply [complaints($older)], [@own[1, 2]], '... those before the newest';
like $older, qr{<a class="" href="/complaints">}, '... with a way back';
for my $place ('x', '0', '-1') {
    is((seen("/complaints?after=$place", $buyer[1]))[0], 400, "'$place' is no place in them");
    is((seen("/desk/complaints?after=$place", $erlan))[0], 400, '... nor among those that wait');
}
is((seen('/desk/complaints?after=999999', $erlan))[0], 404, 'nor is a complaint that is none');

# ---- what is missing ----

my %said = map { my $lang = $_; open my $file, '<:raw', "text/$lang.json" or die; local $/; ($lang => JSON::PP->new->utf8->decode(<$file>)) } qw(kk ru en);
sub sent { # form, path, language, who: status, page
    my ($form, $path, $lang, $who) = @_;
    return ($p->ask('POST', "$path?lang=$lang", "csrf=$who->{csrf}&$form", $who, 'Content-Type' => 'application/x-www-form-urlencoded'))[0, 3];
}
sub missing { # page, language, text, id
    my ($html, $lang, $text, $id) = @_;
    my $says = $said{$lang}{$text};
    utf8::encode($_) for grep { utf8::is_utf8($_) } $html, $says;
    return $html =~ m{id="$id-wrong">(?:(?!</div>).)*<p>\Q$says\E</p>}s;
}
my ($request) = @oldest;
my ($complaint) = $waiting[0];
is(($p->ask('POST', "/api/v1/desk/complaints/$complaint/claim", {}, $erlan))[0], 200, 'an officer took one');
for my $lang (qw(kk ru en)) {
    for (['/complaints/new', [qw(note complaints.text_missing)]], ['/requests/new']) {
        my ($path, @more) = @$_;
        my ($status, $html) = sent('key=k&name=Shop', $path, $lang, $buyer[2]);
        is $status, 400, "$lang: $path without an answer";
        ok missing($html, $lang, @$_[1, 0]), "... says it beside $_->[0]" for [qw(imei err.device_imeis)], [qw(bought err.date)], @more;
        like $html, qr/value="Shop"/, '... and keeps what was typed';
        unlike $html, qr/ required/, '... in the words of the house';
    }
    my ($status, $html) = sent('note=Bez+otveta', "/requests/$request/answer", $lang, $firm);
    is $status, 400, "$lang: an answer to a request that is none";
    ok missing($html, $lang, 'apply.choose', 'answer'), '... says it above the choice';
    like $html, qr/Bez otveta/, '... and keeps the note';
    ($status, $html) = sent('note=Bez+resheniya', "/desk/complaints/$complaint/decide", $lang, $erlan);
    is $status, 400, "$lang: a decision that is none";
    ok missing($html, $lang, 'apply.choose', 'outcome'), '... says it above the choice';
    like $html, qr/Bez resheniya/, '... and keeps the note';
}
done_testing;
