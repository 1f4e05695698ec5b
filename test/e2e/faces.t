#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# faces - portal, registry site and app stand under names of their own and say the same: for every
# sample, in every language, word for word.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Register;
use Test::More;

my $r = Register->new;
is $r->run('demo', 'create')->{code}, 0, 'samples';
my @samples = map { (split ' ')[0] } split /\n/, $r->run('demo', 'list')->{out};
$r->settings(split /\n/, <<'END');
[serve]
public_url = https://portal.example
[face.portal]
host = portal.example
product.name.ru = Портал
[face.registry]
host = imei.example
address = https://imei.example/
product.name.ru = Сайт реестра
check.heading.kk = Кодты тексеру
[face.app]
host = app.example
END
my $server = $r->serve('--demo');
my %host = (portal => 'portal.example', registry => 'imei.example', app => 'app.example');

sub page {
    my ($face, $lang, $imei) = @_;
    my ($status, $body) = Register::http($server, 'POST', "/check?lang=$lang",
        {Host => $host{$face}, 'Content-Type' => 'application/x-www-form-urlencoded'}, "imei=$imei");
    return ($status, $body);
}

# What of a page is the answer: without what is new with every minute.
sub answer {
    my ($body) = @_;
    my ($answer) = $body =~ m{(<article class="answer.*</article>|<div class="error".*?</div></div>)}s;
    $answer //= '';
    $answer =~ s{<dl class="proof">.*?</dl>}{}gs;
    return $answer;
}

for my $imei (@samples) {
    for my $lang (qw(kk ru en)) {
        my %said = map { $_ => [page($_, $lang, $imei)] } keys %host;
        my $one = answer($said{portal}[1]);
        ok length $one && (grep { $said{$_}[0] == $said{portal}[0] && answer($said{$_}[1]) eq $one } keys %host) == 3,
          "$imei in $lang: the same under three names";
    }
    my %heard = map {
        my (undef, $body) = Register::http($server, 'GET', "/api/v1/check/$imei", {Host => $host{$_}});
        my $json = json($body);
        delete @$json{qw(check_number checked_at)};
        $_ => $json
    } keys %host;
    is_deeply $heard{app}, $heard{portal}, "$imei: the app hears what the portal hears";
    is_deeply $heard{app}, $heard{registry}, "$imei: and what the registry says";
}

my ($status, $body) = Register::http($server, 'GET', '/check?lang=ru', {Host => 'imei.example:443'});
ok $body =~ m{<strong>Сайт реестра</strong>}, 'the registry site has its own name';
($status, $body) = Register::http($server, 'GET', '/check?lang=ru', {Host => 'anything'});
ok $body =~ m{<strong>Портал</strong>}, 'an unknown host is the portal';
($status, $body) = Register::http($server, 'GET', '/check?lang=kk', {Host => 'imei.example'});
ok $body =~ m{<h1>Кодты тексеру</h1>}, 'and its own heading';
($status, $body) = Register::http($server, 'GET', '/questions?lang=ru', {Host => 'imei.example'});
ok $body =~ m{<a href="https://imei\.example/">}, 'its address stands where people look for it';
($status, $body) = page('app', 'en', $samples[0]);
my ($number) = $body =~ m{<span class="number">([^<]+)</span>};
ok $body =~ m{<svg class="qr"}, 'an answer has its code';
for my $face (keys %host) {
    my ($code, $page) = Register::http($server, 'GET', "/number/$number?lang=en", {Host => $host{$face}});
    ok $page =~ /Yes, this is our answer/, "$face confirms a number that the app gave";
}
is Register::stop($server->{pid}), 0, 'a clean end';

$r->settings('[serve]', 'public_url = https://a/b');
is $r->run('serve', '--listen', '127.0.0.1:0')->{code}, 2, 'an address with a path is refused';
$r->settings('[face.portal]', 'host = a', '[face.door]', 'host = b');
my $run = $r->run('serve', '--listen', '127.0.0.1:0');
like $run->{err}, qr/settings\.ini:4: SETTING_UNKNOWN `host`: a face is portal, registry or app/, 'so is a face that is none';
done_testing;
