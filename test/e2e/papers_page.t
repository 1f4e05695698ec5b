#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# papers_page - forms that bring papers: what is attached in the wizard, in an answer and in an appeal; each way in
# which a file or a form is wrong, said beside the field or refused, and nothing of it kept; the mark of the
# session before anything else; a form that is far too long, told by a page.
use strict;
use warnings;
use Compress::Zlib qw(compress crc32);
use FindBin;
use lib $FindBin::Bin;
use Portal;
use Register;
use Test::More;

my $r = Register->new;
my $papers = $r->dir . '/papers';
my $p = Portal->new($r, settings => "papers = $papers\n");
$p->person('aigul', 'АХМЕТОВА АЙГҮЛ', '8501013');
$p->person('bolat', 'БЕКОВ БОЛАТ', '9006154');
$p->staff('erlan', 'officer');
$p->staff('dana', 'officer');
$p->serve;
my ($aigul, $bolat) = map { $p->enter($_) } qw(aigul bolat);
my ($erlan, $dana) = map { $p->enter_staff($_) } qw(erlan dana);
my %ru = %{Register::json(Register::slurp('text/ru.json'))};
sub says { my ($html, $text) = @_; return index($html, $ru{$text} // die $text) >= 0 }

# ---- files and forms ----

sub chunk { my ($type, $data) = @_; return pack('N', length $data) . $type . $data . pack('N', crc32($type . $data)) }
sub png {
    my ($w, $h, $seed) = @_;
    return "\x89PNG\r\n\x1a\n" . chunk('IHDR', pack('NNC5', $w, $h, 8, 0, 0, 0, 0)) . chunk('tEXt', "Comment\0" . ($seed // ''))
        . chunk('IDAT', compress($w * $h < 10_000 ? ("\0" . "\x7f" x $w) x $h : '')) . chunk('IEND', '');
}
sub pdf { my ($seed) = @_; return "%PDF-1.7\n" . ($seed // '') . "\n1 0 obj <<>> endobj\ntrailer <<>>\nstartxref\n9\n%%EOF\n" }

my $boundary = 'abc123';
sub field { my ($name, $value) = @_; return "--$boundary\r\nContent-Disposition: form-data; name=\"$name\"\r\n\r\n$value\r\n" }
sub file {
    my ($name, $bytes) = @_;
    return "--$boundary\r\nContent-Disposition: form-data; name=\"files\"; filename=\"$name\"\r\nContent-Type: image/jpeg\r\n\r\n$bytes\r\n";
}
my $end = "--$boundary--\r\n";
sub mark { return field(csrf => $_[0]{csrf}) }
sub post { # who, path, body, more headers: (status, page, head)
    my ($who, $path, $body, %more) = @_;
    my ($status, undef, $head, $text) = $p->ask('POST', $path, $body, {token => $who->{token}},
        'Content-Type' => "multipart/form-data; boundary=$boundary", %more);
    return ($status, $text // '', $head);
}
sub plain { # a form without files
    my ($who, $path, %fields) = @_;
    my $body = join '&', map { my $v = $fields{$_}; $v =~ s/(\W)/sprintf '%%%02X', ord $1/ge; "$_=$v" } sort keys %fields;
    my ($status, undef, $head, $text) = $p->ask('POST', $path, $body, {token => $who->{token}}, 'Content-Type' => 'application/x-www-form-urlencoded');
    return ($status, $text, $head);
}
sub page { my ($who, $path) = @_; my ($s, undef, $head, $text) = $p->ask('GET', $path, undef, {token => $who->{token}}); return ($s, $text, $head) }
sub files { my @all = grep { -f } glob "$papers/[0-9a-f][0-9a-f]/*"; return scalar @all }
sub leads { return $_[0] =~ /^Location: (\S+)/m ? $1 : '' }
sub attached { my ($html) = @_; return [$html =~ /name="out" value="([0-9a-f]{32})"/g] }

# ---- a draft that stands at its papers ----

sub draft {
    my ($who, $n) = @_;
    my %mark = (csrf => $who->{csrf});
    my ($d) = leads((plain($who, '/apply/gift', %mark))[2]) =~ m{/apply/(\d+)\.};
    plain($who, "/apply/$d.imei.1", %mark, imei1 => imei($n));
    plain($who, "/apply/$d.model.1", %mark, brand => 'Samsung', model => 'S24');
    plain($who, "/apply/$d.more", %mark, more => 'no');
    my ($status, $text, $head) = plain($who, "/apply/$d.country", %mark, country => 'TR');
    is leads($head), "/apply/$d.papers", 'the wizard asks for papers';
    return $d;
}

my $d = draft($aigul, 1);
my $to = "/apply/$d/papers";
my ($status, $html, $head) = page($aigul, "/apply/$d.papers");
is $status, 200, 'the page';
ok says($html, 'papers.want_gift'), '... names what a gift is decided by';
like $html, qr/<form method="post" enctype="multipart\/form-data" action="$to" class="ask">\n<input type="hidden" name="csrf"/, '... its form begins with the mark';

# ---- attached, and taken out ----

my $photo = png(40, 30, 'the receipt');
($status, undef, $head) = post($aigul, $to, mark($aigul) . file('Чек "1".png', $photo) =~ s/"1"/%221%22/r . field(act => 'attach') . $end);
is "$status " . leads($head), "303 /apply/$d.papers", 'attached: the same question';
(undef, $html) = page($aigul, "/apply/$d.papers");
my ($photo_id) = @{attached($html)};
like $html, qr{<a href="/papers/$photo_id\?inline=1">Чек %221%22\.png</a>}, '... with its name';
like $html, qr/PNG · 1\xc2\xa0КБ/, '... what it is and its size';
is files(), 1, '... one file';
post($aigul, $to, mark($aigul) . file('again.png', $photo) . field(act => 'attach') . $end);
is scalar @{attached((page($aigul, "/apply/$d.papers"))[1])}, 1, 'sent again it is the same';
post($aigul, $to, mark($aigul) . file('a.pdf', pdf('a')) . file('b.pdf', pdf('b')) . file('', '') . field(act => 'attach') . $end);
my @three = @{attached((page($aigul, "/apply/$d.papers"))[1])};
is scalar @three, 3, 'two more at once; a field without a file is none';
($status, undef, $head) = post($aigul, $to, mark($aigul) . field(out => $three[1]) . $end);
is leads($head), "/apply/$d.papers", 'one is taken out';
is_deeply attached((page($aigul, "/apply/$d.papers"))[1]), [@three[0, 2]], '... that one';
my (undef, undef, $look, $bytes) = $p->ask('GET', "/papers/$photo_id?inline=1", undef, {token => $aigul->{token}});
ok $bytes eq $photo, 'its owner looks at it';
like $look, qr/^Content-Disposition: inline;.*^Content-Security-Policy: [^\n]*sandbox/ms, '... in a sandbox';
is((page($bolat, "/papers/$photo_id"))[0], 404, 'nobody else does');
is((page($erlan, "/papers/$photo_id"))[0], 404, 'nor an officer, before it was filed');

# ---- what is wrong with a file ----

my $files = files();
my %wrong = (
    'a renamed program'          => [415, 'err.paper_kind', "MZ\x90\0" . "\0" x 200],
    'nothing'                    => [400, 'err.file_empty', ''],
    'one that is cut off'        => [400, 'err.paper_damaged', substr $photo, 0, -6],
    'a picture of 60,000 pixels' => [413, 'err.paper_pixels', png(60_000, 60_000)],
    'more than 10 MB'            => [413, 'papers.large', pdf('x' x (10 << 20))],
);
for my $name (sort keys %wrong) {
    my ($want, $text, $bad) = @{$wrong{$name}};
    ($status, $html) = post($aigul, $to, mark($aigul) . file('<b>.jpg', $bad) . $end);
    is $status, $want, "$name is refused";
    ok says($html, $text), '... and why';
    like $html, qr/id="files-wrong">.*<strong>&lt;b&gt;\.jpg:<\/strong>.*aria-describedby="files-wrong files-hint" aria-invalid="true"/s, '... beside the field, by its name';
    is scalar @{attached($html)}, 2, '... and what stood stands';
}
($status, $html) = post($aigul, $to, mark($aigul) . file('good.pdf', pdf('good')) . file('bad.exe', 'MZ') . $end);
is scalar @{attached($html)}, 3, 'of two the good one is taken';
is files(), $files + 1, '... alone';
($status, $html) = post($aigul, $to, mark($aigul) . join('', map { file("$_.pdf", pdf("many $_")) } 1 .. 21) . $end);
ok $status == 413 && says($html, 'papers.many'), '21 at once';
is scalar @{attached($html)}, 20, '... 20 stand';
($status, $html) = post($aigul, $to, mark($aigul) . join('', map { file("$_.pdf", pdf("more $_")) } 1 .. 70) . $end);
ok $status == 413 && says($html, 'papers.many'), '70 at once';

# ---- forms that are too long ----

$files = files();
for my $mb (16, 20, 40) {
    ($status, $html) = post($aigul, $to, mark($aigul) . file('video.pdf', pdf('x' x ($mb << 20))) . $end);
    ok $status == 413 && says($html, 'papers.large_form'), "$mb MB: the page says so";
}
is((post($aigul, $to, field(csrf => 'f' x 32) . file('video.pdf', pdf('x' x (16 << 20))) . $end))[0], 403, '... not without the right mark');
is files(), $files, 'nothing was kept';

# ---- the mark ----

my $small = file('x.pdf', pdf('x'));
my $large = file('x.pdf', pdf('x' x (1 << 20)));
my $mine = mark($aigul);
my %forms = (
    'no mark'                    => [403, $small . $end],
    'no mark, large'             => [403, $large . $end],
    'a mark behind a file'       => [403, $small . $mine . $end],
    'two marks'                  => [403, $mine . $mine . $small . $end],
    'two marks, one at the end'  => [403, $mine . $small . mark($bolat) . $end],
    'another\'s mark'            => [403, mark($bolat) . $small . $end],
    'a mark as a file'           => [403, $mine =~ s/name="csrf"/name="csrf"; filename="csrf"/r . $small . $end],
    'nothing'                    => [403, ''],
    'cut in a file'              => [400, $mine . substr $small, 0, -20],
    'cut in the head of a part'  => [400, $mine . "--$boundary\r\nContent-Dis"],
    'cut before its end'         => [400, $mine . $small],
    'an endless head'            => [413, $mine . "--$boundary\r\nX: " . 'x' x 5000 . "\r\n\r\n$end"],
    'a field of 64 kB'           => [413, $mine . field(note => 'x' x 65536) . $end],
    'a field that is no text'    => [400, $mine . field(note => "\xff\xfe") . $end],
);
for my $name (sort keys %forms) {
    is((post($aigul, $to, $forms{$name}[1]))[0], $forms{$name}[0], "$name is refused");
}
is((post($aigul, $to, $mine . $small . $end, 'Content-Type' => $_))[0], 403, "no boundary: $_") for 'multipart/form-data', 'multipart/form-data; boundary=';
is((post($aigul, $to, $mine . $small . $end, 'Content-Type' => 'multipart/form-data; boundary=other'))[0], 403, 'another boundary');
is((plain($aigul, $to, csrf => $aigul->{csrf}))[0], 415, 'a form that brings no files');
is((post($aigul, "$to?csrf=$aigul->{csrf}", $small . $end))[0], 403, 'a mark in the address is none');
is((post($aigul, $to, $mine . $small . $end, 'X-Tamga-CSRF' => ''))[0], 413, 'with its mark it would be taken, were there room');
is((post($aigul, $to, $mine . $large . $end, 'Sec-Fetch-Site' => 'cross-site'))[0], 403, 'a large one of another site is not even read');
is((post({token => 'f' x 64}, $to, $mine . $large . $end))[2] =~ m{^Location: /sign-in}m, 1, 'whoever is not signed in is led there');
is((post($erlan, $to, mark($erlan) . $large . $end))[0], 403, 'an officer attaches nothing');
is((post($bolat, $to, mark($bolat) . $small . $end))[2] =~ m{^Location: /cabinet\r?$}m, 1, 'another\'s draft is none');
is files(), $files, 'nothing of all that was kept';

# ---- filed ----

post($aigul, $to, mark($aigul) . field(out => $_) . $end) for @{attached((page($aigul, "/apply/$d.papers"))[1])}[1 .. 19];
($status, undef, $head) = post($aigul, $to, mark($aigul) . $end);
is leads($head), "/apply/$d.check", 'no more: on to the end';
(undef, $html) = page($aigul, "/apply/$d.check");
like $html, qr{/papers/$photo_id}, 'which shows what is attached';
my ($key) = $html =~ /name="key" value="(\w+)"/;
(undef, undef, $head) = plain($aigul, "/apply/$d.check", csrf => $aigul->{csrf}, key => $key);
my ($number) = leads($head) =~ m{^/cabinet/([\d-]+)/filed$};
ok $number, 'filed' or diag $head;
is_deeply [map { $_->{id} } @{($p->ask('GET', "/api/v1/applications/$number", undef, $aigul))[1]{papers}}], [$photo_id], '... with its paper';
like((page($aigul, "/cabinet/$number"))[1], qr{/papers/$photo_id}, 'her page shows it');
like((page($erlan, "/desk/$number"))[1], qr{/papers/$photo_id\?inline=1}, 'so does the desk');
is((page($erlan, "/papers/$photo_id?inline=1"))[0], 200, 'the officer looks');
ok Register::poll(5, sub { $r->run('audit', 'show')->{out} =~ /paper/ }), '... which is noted';

# ---- an answer ----

Register::poll(5, sub { ($p->ask('GET', "/api/v1/desk/$number", undef, $erlan))[1]{checked} });
$p->ask('POST', "/api/v1/desk/$number/claim", {}, $erlan);
is(($p->ask('POST', "/api/v1/desk/$number/ask", {note => 'Чек'}, $erlan))[1]{state}, 'papers_asked', 'papers are asked for');
my $answer = "/cabinet/$number/answer";
($status, $html) = post($aigul, $answer, mark($aigul) . field(note => '') . file('a.pdf', pdf('brought')) . $end);
ok $status == 400 && says($html, 'cabinet.note_none'), 'an answer says something';
my ($brought) = @{attached($html)};
like $html, qr/<input type="hidden" name="paper" value="$brought">/, '... what was attached is carried by the form';
($status, $html) = post($aigul, $answer, mark($aigul) . field(note => "Вот\r\nчек") . field(paper => $brought) . file('x.exe', 'MZ') . $end);
ok $status == 415 && $html =~ />\nВот\r\nчек<\/textarea>/, 'a bad file: what was typed stays';
is_deeply attached($html), [$brought], '... and what was attached';
(undef, $html) = post($aigul, $answer, mark($aigul) . field(note => 'Вот') . field(paper => $brought) . field(out => $brought) . $end);
is_deeply attached($html), [], 'taken out';
my ($his) = map { $_->{id} } ($p->ask('POST', '/api/v1/papers', pdf('his'), $bolat, 'Content-Type' => 'application/pdf'))[1];
($status, $html) = post($aigul, $answer, mark($aigul) . field(note => 'Вот') . field(paper => $his) . $end);
ok $status == 400 && says($html, 'papers.gone'), 'another\'s paper is none';
is(($p->ask('GET', "/api/v1/applications/$number", undef, $aigul))[1]{state}, 'papers_asked', 'nothing was answered so far');
($status, $html) = post($aigul, $answer, mark($aigul) . field(note => 'Долгий ответ') . file('v.pdf', pdf('x' x (20 << 20))) . $end);
ok $status == 413 && says($html, 'papers.large_form') && $html =~ /Долгий ответ<\/textarea>/, 'far too long: what was typed stays';
($status, undef, $head) = post($aigul, $answer, mark($aigul) . field(note => 'Вот') . field(paper => $brought) . file('b.png', png(9, 9, 'b')) . $end);
is "$status " . leads($head), "303 /cabinet/$number", 'answered';
my (undef, $now) = $p->ask('GET', "/api/v1/applications/$number", undef, $aigul);
is "$now->{state} " . @{$now->{papers}}, 'checking 3', '... with two more papers';
is leads((post($aigul, $answer, mark($aigul) . field(note => 'Вот') . $end))[2]), "/cabinet/$number", 'sent again it leads to what it came to';

# ---- an appeal ----

is(($p->ask('POST', "/api/v1/desk/$number/decide", {decisions => [{refusal => 'NO_BORDER_CROSSING'}], note => ''}, $erlan))[1]{state}, 'refused', 'refused');
(undef, undef, $head) = post($aigul, "/cabinet/$number/appeal", mark($aigul) . field(note => 'Билет') . file('t.pdf', pdf('ticket')) . $end);
(undef, $now) = $p->ask('GET', "/api/v1/applications/$number", undef, $aigul);
is "$now->{state} $now->{appeal} " . @{$now->{papers}}, 'checking 1 4', 'appealed, with a paper';
$p->ask('POST', "/api/v1/desk/$number/claim", {}, $dana);
is(($p->ask('POST', "/api/v1/desk/$number/decide", {decisions => [{approve => JSON::PP::true}]}, $dana))[1]{state}, 'approved', 'and approved by another officer');

# ---- a draft that lay for days ----

my $old = draft($bolat, 2);
post($bolat, "/apply/$old/papers", mark($bolat) . file('old.pdf', pdf('old')) . $end);
my ($gone) = (page($bolat, "/apply/$old.check"))[1] =~ m{/papers/([0-9a-f]{32})};
ok $gone, 'attached';
$p->ask('POST', '/api/v1/applications', {kind => 'personal', way => 'gift', country => 'TR', devices => [{imeis => [imei(3)]}], papers => [$gone]}, $bolat);
(undef, undef, $head) = page($bolat, "/apply/$old.check");
is leads($head), "/apply/$old.papers?gone=1", 'a paper that is loose no more is asked for again';
ok says((page($bolat, "/apply/$old.papers?gone=1"))[1], 'papers.gone'), '... and why';

Register::stop($p->{server}{pid});
ok $r->whole, 'the register is whole';
done_testing;
