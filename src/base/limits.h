/* SPDX-License-Identifier: Apache-2.0
 *
 * limits - every maximum that an input from outside meets, in one place, with unit and source. */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

enum {
    /* Identifiers */
    LIMIT_IMEI_TEXT = 64,       /* bytes of a typed IMEI, separators included; ours */
    LIMIT_IMSI_DIGITS = 15,     /* TS 23.003 2.2 */
    LIMIT_MSISDN_DIGITS = 15,   /* ITU-T E.164 6.1 */
    LIMIT_NAME = 64,            /* bytes of an operator's, actor's or body's name; ours */
    LIMIT_DOCUMENT = 64,        /* bytes of a document number; ours, journal entry format */
    LIMIT_REASON = 500,         /* bytes of --reason; ours */
    LIMIT_CODE_NAME = 100,      /* bytes of the name of who holds a phone; ours */
    LIMIT_SELLER_NAME = 200,    /* bytes of a seller's name as a buyer writes it; ours */
    LIMIT_SELLER_ADDRESS = 300, /* bytes of where he is; ours */
    LIMIT_COMPLAINT = 2000,     /* bytes of what happened; ours */
    LIMIT_TAC_NAME = 96,        /* bytes of a brand or a model name; ours */
    LIMIT_TAC_LIST = 64 << 20,  /* bytes of a packed list: GSMA's takes about 12 million; ours */
    LIMIT_DEVICE_IMEIS = 4,     /* IMEIs a device, domain.md 3 */
    LIMIT_MARKS = 6,            /* suspension marks open on one IMEI; ours */
    LIMIT_PAIRS = 10,           /* IMSIs paired with one IMEI; ours, as vendors */
    LIMIT_PLMN = 32,            /* prefixes in home_plmn and in machine_imsi; ours */

    /* People */
    LIMIT_PASSWORD_LEAST = 12, /* characters of a new password; NIST SP 800-63B 5.1.1 asks 8 */
    LIMIT_PASSWORD = 128,      /* bytes of one: 64 letters of any alphabet here, as asked there */

    /* Rules */
    LIMIT_RULES_TEXT = 8192,  /* bytes of a rule set; ours */
    LIMIT_HOURS_TEXT = 65536, /* bytes of a table of working time; ours */
    LIMIT_HOLIDAYS = 512,     /* holidays, and worked days off, of such a table; ours */

    /* Journal */
    LIMIT_ROW_ITEM = 54,       /* bytes of a row: one SHA-256 compression a leaf */
    LIMIT_BLOCK_ITEMS = 65536, /* items of a block */
    LIMIT_COMMIT_ROWS = 4096,  /* rows of one group commit */

    /* Files */
    LIMIT_LINE = 65536,               /* bytes of a line of an input file; ours */
    LIMIT_COLUMNS = 64,               /* columns of an input file; ours */
    LIMIT_BAD_ROWS_SHOWN = 20,        /* bad rows printed; the rest go to the file beside */
    LIMIT_BAD_ROWS_BYTES = 128 << 20, /* of the file beside: 5 % of a day of 26 M rows; ours */
    LIMIT_FEED_BAD_BYTES =
        1
        << 30, /* the same, where somebody at the machine loads a file: a third of such a day; ours */
    LIMIT_FEED_DAYS = 400, /* different days of one operator's file: a year and more; ours */

    /* Applications by file (cases/bulk_*.h), ours but the first: domain.md 4 */
    LIMIT_BULK_DEVICES = 1000000,
    LIMIT_UPLOAD_NAME = 128,        /* bytes of the name of a file */
    LIMIT_UPLOAD_BYTES = 512 << 20, /* of one file */
    LIMIT_UPLOADS = 8,              /* of one applicant that are not filed yet */
    LIMIT_DEVICES_PAGE = 20000,     /* rows of one table of what became of a file's devices */
    LIMIT_DEVICES_PAGES = LIMIT_BULK_DEVICES / LIMIT_DEVICES_PAGE,
    LIMIT_BULK_ERRORS_SHOWN = 100, /* bad rows in the preview; the file of errors has all */

    /* Customs declarations (cases/customs.h), ours */
    LIMIT_ACCREDITATION_ROWS = 20000,  /* of one file of accreditations */
    LIMIT_CUSTOMS_ROWS = 200000,       /* of one file of customs */
    LIMIT_CUSTOMS_QUANTITY = 10000000, /* devices of one line */
    LIMIT_CUSTOMS_ITEM = 999999,       /* number of a goods item: as the columns of bulk files */
    LIMIT_CUSTOMS_LINES = 10000,       /* declaration lines that one file of devices names */

    /* HTTP */
    LIMIT_HTTP_BODY = 65536,      /* bytes of a request's body; ours */
    LIMIT_UPLOAD_PIECE = 8 << 20, /* bytes of one piece of an upload; ours */
    LIMIT_PARTS = 64,             /* of a form that brings files; ours */
    LIMIT_PART_HEAD = 2048,       /* bytes of the head of one: a file's name is in it; ours */
    LIMIT_PART_FIELD = 32 << 10,  /* bytes of a field of such a form: a thousand IMEIs; ours */
    LIMIT_ETAG = 96,              /* bytes of an ETag, of a Content-Range of ours */
    LIMIT_LOCATION = 200,         /* bytes of a Location of ours */
    LIMIT_CONNECT = 200,          /* bytes of what a page may connect to; ours */
    LIMIT_COOKIE = 200,           /* bytes of a Set-Cookie of ours */
    LIMIT_HTTP_URI = 2048,        /* bytes of a request target; ours */
    LIMIT_HTTP_HEAD = 16384,      /* bytes of request line and headers; ours */
    LIMIT_CHECK_BATCH = 1000,     /* IMEIs in one check by a key with the scope check.batch; ours */
    LIMIT_SIGNATURE_SECONDS = 60, /* that a signed request's time may be off; ours */
    LIMIT_NONCES = 1 << 20,       /* signed requests remembered at once: 8 MB; ours */
    LIMIT_AUDIT_QUEUE = 4096,     /* events of the audit log in one second; ours */
    LIMIT_AUDIT_KNOCKS = 30,      /* refusals of nobody known in a minute, one by one; ours */
    LIMIT_AUDIT_REFUSALS = 300,   /* of people who are signed in, alike; ours */
    LIMIT_API_KEYS = 4096,        /* of one register, revoked ones too; ours */
    LIMIT_CHECK_IMEIS = 100,      /* IMEIs in one check from outside; ours */
    LIMIT_PUBLIC_URL = 200,       /* bytes of our own address: scheme://host:port; ours */
    LIMIT_HTTP_CONNECTIONS = 16384,
    LIMIT_HTTP_IDLE_SECONDS = 15,
    LIMIT_HTTP_INFLIGHT =
        4096, /* requests whose answer is not sent: x 64 kB of body = 256 MB; ours */
    LIMIT_CROWDED_SECONDS = 10, /* after which a crowd is told to come again; ours */
    LIMIT_NETS = 32,            /* addresses or networks in one setting; ours */
    LIMIT_FORWARDED = 1024,     /* bytes of X-Forwarded-For that are read, from its end; ours */

    /* Connections of networks (wire/engine.h), ours */
    LIMIT_WIRE_CONNECTIONS = 16384, /* at once */
    LIMIT_WIRE_READ = 65536,        /* bytes taken from one in a turn */
    LIMIT_WIRE_OUT = 262144,     /* bytes that wait for one to take them, before it is read again */
    LIMIT_WIRE_TLS_SECONDS = 10, /* of a handshake, and of a call to another end */
    LIMIT_WIRE_HELD = 256 << 20, /* bytes of unfinished and unsent messages, all together */
    LIMIT_WIRE_STUCK_SECONDS = 30,    /* in which what waits for one must have been taken */
    LIMIT_WIRE_LINGER_SECONDS = 2,    /* after our last word, for its end */
    LIMIT_WIRE_ADDRESSES = 8,         /* of one end of an SCTP association */
    LIMIT_WIRE_BACK_OFF_SECONDS = 60, /* at most, between two calls to another end */
    LIMIT_WIRE_NAMES = 2047,          /* bytes of all its names, a space between; ours */
    LIMIT_WIRE_IDENTITY = 255,        /* bytes of a certificate's name; RFC 1035 2.3.4 */

    /* N5g-eir (n5geir/n5geir.h), ours but the first two */
    LIMIT_N5G_RESETS = 1000,         /* streams reset at once by the client: as nghttp2's */
    LIMIT_N5G_RESETS_SECOND = 33,    /* and for long */
    LIMIT_N5G_STREAMS = 256,         /* requests open at once on one connection */
    LIMIT_N5G_HEADERS = 16384,       /* bytes of one's headers, 32 for each (RFC 9113 6.5.2) */
    LIMIT_N5G_BODY = 16384,          /* bytes of a body, which nobody reads */
    LIMIT_N5G_FRAMES = 4000,         /* frames at once that belong to no request */
    LIMIT_N5G_FRAMES_SECOND = 200,   /* and for long; each request brings 4 more */
    LIMIT_N5G_REQUEST_SECONDS = 10,  /* in which a request comes, and its answer is taken */
    LIMIT_N5G_IDLE_SECONDS = 300,    /* without any frame */
    LIMIT_N5G_GOODBYE_MS = 1000,     /* between the two GOAWAYs (RFC 9113 6.8) */
    LIMIT_N5G_TOKEN = 4096,          /* bytes of an access token; one by RS256 has some 800 */
    LIMIT_N5G_TOKEN_SECONDS = 600,   /* for which a signature that stood is believed */
    LIMIT_N5G_TOKENS_KEPT = 1024,    /* remembered, a worker: 64 kB */
    LIMIT_N5G_TOKENS = 20,           /* bad ones at once of one address, each another, a worker */
    LIMIT_N5G_TOKENS_SECOND = 2,     /* and for long */
    LIMIT_N5G_KEYS = 8,              /* public keys of NRFs, each of which may have to be tried */
    LIMIT_N5G_RSA_BITS_LEAST = 2048, /* NIST SP 800-131A */
    LIMIT_N5G_RSA_BITS = 8192,       /* a longer one costs more than it keeps */

    /* Diameter (s13/), ours but the first */
    LIMIT_DIAMETER_IDENTITY = 255,  /* bytes of a DiameterIdentity: a name of DNS, RFC 1035 2.3.4 */
    LIMIT_DIAMETER_MESSAGE = 65536, /* bytes of a message; a request has some 300 */
    LIMIT_DIAMETER_CER = 8192,      /* bytes of a message of somebody who has not said who he is */
    LIMIT_DIAMETER_CER_SECONDS = 10, /* until he has */
    LIMIT_DIAMETER_BYE_SECONDS = 5,  /* between a DPR and the end of the connection */

    /* Feed and sightings (ARCHITECTURE.md), ours */
    LIMIT_FEED_ANSWER = 4 << 20,      /* bytes of blocks in one answer, one block at least */
    LIMIT_FEED_LARGE = 64,            /* answers above a quarter of that on their way at once; the
                                        others get a quarter: 64 x 4 MB */
    LIMIT_FEED_WAIT_SECONDS = 55,     /* that a follower may ask to wait: proxies cut at 60 */
    LIMIT_SEGMENT_BYTES = 64 << 20,   /* of a segment; a larger one is given by the feed alone */
    LIMIT_SEGMENTS_BYTES = 256 << 20, /* of their files beside the snapshots */
    LIMIT_SEGMENTS = 64,              /* lines of one list of segments */
    LIMIT_FEED_WAITERS = 1024,        /* followers that wait at once */
    LIMIT_SIGHTINGS = 10000,          /* lines of one report */
    LIMIT_SIGHTINGS_BYTES = 2 << 20,  /* of one report */
    /* Whole rows by the API (app/intake.h) */
    LIMIT_INTAKE_UPLOADS = 4,       /* at once; each waits on a thread for its turn */
    LIMIT_INTAKE_OF_ONE = 2,        /* of one operator */
    LIMIT_INTAKE_SECONDS = 3600,    /* in which one must have come */
    LIMIT_INTAKE_SLOW_SECONDS = 60, /* after which it must come */
    LIMIT_INTAKE_SLOW_RATE = 4096,  /* faster than so many bytes a second */
    LIMIT_INTAKE_LISTS = 32,        /* of bad rows that are kept, as long as the process lives */
    LIMIT_INTAKE_LISTS_OF_ONE = 4,  /* of one operator */
    LIMIT_INTAKE_LOOKS = 8,         /* of them being read at once: 128 KiB each */
    LIMIT_INTAKE_LOOKS_OF_ONE = 2,  /* by one operator */
    LIMIT_INTAKE_WAIT_MS =
        540000, /* that one waits for a load by the shell, or for retention: less than its proxy */
    LIMIT_ROWS_FIRST_LINE = 4096, /* bytes in which lines of JSON must have shown what they are */
    LIMIT_SIGHTING_DAYS =
        20, /* that a report may be late: a notice must come before the deadline */

    LIMIT_TAC_RANGES = 32,     /* that a snapshot is restricted to: its header has room for 35 */
    LIMIT_SNAPSHOT_PARTS = 16, /* sets of them that a register keeps snapshots of at once */
    LIMIT_SNAPSHOT_PARTS_OPERATOR = 4, /* and of one operator */

    /* An EIR node (node/), ours */
    LIMIT_NODE_PEERS = 256,        /* network elements that are counted one by one, a face */
    LIMIT_NODE_WORKERS = 256,      /* threads that answer */
    LIMIT_NODE_LISTEN = 8,         /* addresses of one face */
    LIMIT_NODE_CONNECT = 32,       /* peers that it calls itself */
    LIMIT_NODE_NRFS = 4,           /* addresses of NRFs */
    LIMIT_NODE_PLMNS = 16,         /* networks that it serves */
    LIMIT_NODE_NRF_ANSWER = 65536, /* bytes of an answer: a profile has some 1,500 */
    LIMIT_NODE_CHECKS = 4096,      /* lines of the check log that wait for its thread, a worker */
    LIMIT_NODE_SIGHTINGS = 16384,  /* first uses that wait for theirs, a worker */
    LIMIT_NODE_SIGHTINGS_SEEN = 1 << 17, /* first uses remembered, to be reported once: 2 MB */
    LIMIT_NODE_BATCHES = 64,             /* batches of the register open at once */
    LIMIT_NODE_NEWER = 1 << 22, /* IMEIs and pairs that changed while a batch waited: 200 MB */
    LIMIT_NODE_ANSWER =
        64 << 20, /* bytes of one answer of the feed: a block and what goes before */
    LIMIT_NODE_TAC_LIST = 256 << 20, /* bytes of a list of models */
    LIMIT_NODE_STATUS_HEAD = 8192,   /* bytes of a request to /metrics */

    /* Signatures of persons (people/eds.h) */
    LIMIT_EDS_CMS = 2 << 20,     /* bytes of a signature's text: 1 MB of content in base64; ours */
    LIMIT_EDS_CONTENT = 1 << 20, /* bytes of what is signed; ours */
    LIMIT_EDS_CERTIFICATES = 16, /* that come with a signature: a chain has 3; ours */
    LIMIT_EDS_CHAIN = 4,         /* authorities between a certificate and its root; ours */
    LIMIT_EDS_RSA_BITS_LEAST = 2048, /* NIST SP 800-131A 3: 112 bits of strength */
    LIMIT_EDS_RSA_BITS = 8192,       /* a longer key costs seconds; ours */
    LIMIT_EDS_ANSWER = 1 << 20,      /* bytes of a verifier's answer; ours */
    LIMIT_EDS_CONNECT_MS = 2000,
    LIMIT_EDS_WHOLE_MS = 5000, /* of one question to a verifier; ours */

    /* Other doors (people/oidc.h); ours */
    LIMIT_DOOR_ANSWER = 1 << 18, /* bytes of a provider's answer */
    LIMIT_DOOR_CODE = 1024,      /* bytes of the code that it sends somebody back with */
    LIMIT_DOOR_CONNECT_MS = 2000,
    LIMIT_DOOR_WHOLE_MS = 5000, /* of one question to it */

    /* Papers that an applicant attaches */
    LIMIT_PAPER_BYTES = 10 << 20,       /* of one file: a photo of a phone is 2 to 8 MB; ours */
    LIMIT_PAPER_PIXELS = 50000000,      /* of one picture: 200 MB once it is opened; ours */
    LIMIT_PAPER_NAME = 100,             /* bytes of its name, for people; ours */
    LIMIT_PAPERS_FORM = 15 << 20,       /* of one form: several files together; ours */
    LIMIT_PAPERS = 20,                  /* of one application; ours */
    LIMIT_PAPERS_DAY_BYTES = 300 << 20, /* of one applicant within 24 hours; ours */
    LIMIT_PAPERS_DAY = 200,             /* files of one applicant within 24 hours; ours */
    LIMIT_PAPERS_LOOSE_S = 24 * 3600,   /* that one waits for an application to take it; ours */
    LIMIT_HTTP_LARGE = 8,               /* bodies above LIMIT_HTTP_BODY at once: x 15 MB; ours */
    LIMIT_HTTP_LARGE_SECONDS = 120,     /* in which such a body must have come; ours */
    LIMIT_HTTP_DISCARD = 64 << 20,      /* bytes of a form that is far too long, read so that its
                                           sender gets to see the page that says so; ours */
    LIMIT_DISPOSITION = 400,            /* bytes of a Content-Disposition of ours */

    /* Rates: what a settings file may change, in IMEIs asked a second and at once. Ours:
     * ARCHITECTURE.md, "Who is one client". */
    LIMIT_ADDRESS_RATE = 200, /* of one IPv4 address or IPv6 /64: an operator's whole NAT */
    LIMIT_ADDRESS_BURST = 2000,
    LIMIT_PERSON_RATE = 50, /* of one kind of browser and language behind it */
    LIMIT_PERSON_BURST = 500,
    LIMIT_KEY_RATE = 20000, /* of one API key */
    LIMIT_KEY_BURST = 40000,
    LIMIT_PUBLIC_RATE = 20000, /* of everybody without a key together, in one process */
    LIMIT_PUBLIC_BURST = 20000,
    LIMIT_LOOKUP_BURST = 60, /* looks of one operator's employee at subscribers (portal/lookup.h) */
    LIMIT_LOOKUP_MINUTE = 30,
    LIMIT_LOOKUP_KEY_BURST = 600, /* of one of its programs */
    LIMIT_LOOKUP_KEY_MINUTE = 1200,
    LIMIT_RATE_MAX = 10000000, /* greatest that can be set */
    LIMIT_CLIENTS = 1 << 19,   /* clients remembered at once: 4 MB */
    LIMIT_FINGERPRINT =
        200, /* bytes of User-Agent, and of Accept-Language, that tell people apart */
};

/* Bytes of all papers together, unless the settings say otherwise: 1 TB. Ours. */
#define LIMIT_PAPERS_BYTES (1ULL << 40)
/* Bytes of an input file: a country's day is 2 GB. Ours. */
#define LIMIT_FILE_BYTES (64ULL << 30)
/* IMEIs of one batch: the world's list twice over would be no input of one register. Ours. */
#define LIMIT_BATCH_IMEIS 400000000ULL
/* Bytes of rows that come by the API, as they are sent: a country's day is 2 GB unpacked. Ours. */
#define LIMIT_INTAKE_BYTES (8ULL << 30)
/* Bytes that stay free on the disk of the register when rows come in. Ours. */
#define LIMIT_SPARE_BYTES (1ULL << 30)
/* Bytes that rows may unpack to that come by the API: a country's day is 2 GB. Ours. */
#define LIMIT_ROWS_UNPACKED (16ULL << 30)
/* Pairs of IMEI and subscriber that one file of sightings may bring anew: a country's first day. Ours. */
#define LIMIT_FEED_NEW (1ULL << 25)
/* IMEIs of whose first use one file may tell, and pairs without a day that it may date: 16 bytes each. Ours. */
#define LIMIT_FEED_FIRST (1ULL << 25)
/* Holds of expiry by operator or model that are open at once. Ours. */
#define LIMIT_EXPIRY_HOLDS 64
/* TACs of one operator's file whose radio technologies are counted: 28 bytes each. Ours. */
#define LIMIT_RADIO_TACS (1u << 20)
/* IMEIs that are counted by operator and region at once: 20 bytes each, a third of a country's phones. Ours. */
#define LIMIT_GROUPS_IMEIS (1u << 24)
/* Bytes of snapshots of parts that a register keeps: a dozen of a hundred million IMEIs. Ours. */
#define LIMIT_SNAPSHOT_PARTS_BYTES (4ULL << 30)

#endif
