BEGIN TRANSACTION;
CREATE TABLE admin_audit_log (
    id        TEXT PRIMARY KEY,
    actor     TEXT NOT NULL,  -- user id, or 'command line'
    action    TEXT NOT NULL,
    subject   TEXT NOT NULL DEFAULT '',
    detail    TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(detail)),
    at        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "admin_audit_log" VALUES('aud_01a200a18c967ed19fedb4da89ab4c58','usr_01a200a184257b3bae8b208d06b55f20','flag.set','entitlement_welcome_flow_enabled','{"percent":"50","reason":"set by hand","state":"percent"}',1795306917014);
INSERT INTO "admin_audit_log" VALUES('aud_01a200a18ca67277baecc3e3f1f81329','usr_01a200a184257b3bae8b208d06b55f20','credits.adjust','usr_01a200a18a3b78838ab5c97bf654b3dd','{"amount":"5","reason":"a present"}',1795306917030);
INSERT INTO "admin_audit_log" VALUES('aud_01a200a18cd47daf9e66f0cce74d408f','usr_01a200a184257b3bae8b208d06b55f20','segment.save','seg_01a200a18cb7728994d5552d76ecbed1','{}',1795306917076);
INSERT INTO "admin_audit_log" VALUES('aud_01a200a18cdc712c83ec988359b09ee0','usr_01a200a184257b3bae8b208d06b55f20','campaign.save','cmp_01a200a18cda7960a4905851185bb93a','{}',1795306917084);
CREATE TABLE admin_email_campaigns (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    subject     TEXT NOT NULL,
    subject_b   TEXT NOT NULL DEFAULT '',  -- '' for no test
    preheader   TEXT NOT NULL DEFAULT '',
    body        TEXT NOT NULL,             -- Markdown
    action      TEXT NOT NULL,
    path        TEXT NOT NULL,
    topic       TEXT NOT NULL CHECK (topic IN ('offers', 'newsletter')),
    segment_id  TEXT REFERENCES email_segments (id),
    state       TEXT NOT NULL CHECK (state IN ('draft', 'scheduled', 'sending', 'sent', 'cancelled')),
    send_at     INTEGER,
    zone        TEXT NOT NULL DEFAULT 'UTC',
    hold_out    INTEGER NOT NULL DEFAULT 0 CHECK (hold_out BETWEEN 0 AND 50),
    test_share  INTEGER NOT NULL DEFAULT 0 CHECK (test_share BETWEEN 0 AND 100),
    test_hours  INTEGER NOT NULL DEFAULT 0 CHECK (test_hours BETWEEN 0 AND 72),
    goal        TEXT NOT NULL DEFAULT 'clicks' CHECK (goal IN ('clicks', 'purchases')),
    winner      TEXT NOT NULL DEFAULT '' CHECK (winner IN ('', 'a', 'b')),
    winner_why  TEXT NOT NULL DEFAULT '',
    drawn       INTEGER NOT NULL DEFAULT 0 CHECK (drawn IN (0, 1)),  -- every recipient has a row
    started_at  INTEGER,
    finished_at INTEGER,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "admin_email_campaigns" VALUES('cmp_01a200a18cda7960a4905851185bb93a','Hello','Hello','','','Hello **you**','Look','/studio','newsletter','seg_studio_members','draft',NULL,'UTC',0,0,0,'clicks','','',0,NULL,NULL,1795306917082,1795306917082);
CREATE TABLE admin_feature_flags (
    key        TEXT PRIMARY KEY,
    state      TEXT NOT NULL CHECK (state IN ('on', 'off', 'percent')),
    percent    INTEGER NOT NULL DEFAULT 0 CHECK (percent BETWEEN 0 AND 100),
    reason     TEXT NOT NULL DEFAULT '',  -- why it stands where it stands: a person, or the guard
    updated_by TEXT NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "admin_feature_flags" VALUES('entitlement_welcome_flow_enabled','percent',50,'set by hand','usr_01a200a184257b3bae8b208d06b55f20',1795306917014);
CREATE TABLE analytics_events (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL CHECK (name IN ('pricing_view', 'cta_click', 'checkout_start', 'purchase', 'sign_up', 'upgrade',
        'onboarding_started', 'onboarding_error', 'onboarding_completed')),
    visitor    TEXT NOT NULL DEFAULT '',
    user_id    TEXT,
    product_id TEXT NOT NULL DEFAULT '',
    source     TEXT NOT NULL DEFAULT '',
    campaign   TEXT NOT NULL DEFAULT '',
    properties TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(properties)),
    at         INTEGER NOT NULL
) STRICT;
INSERT INTO "analytics_events" VALUES(1,'sign_up','','usr_01a200a18a3b78838ab5c97bf654b3dd','','','','{}',1795306916411);
INSERT INTO "analytics_events" VALUES(2,'onboarding_started','','usr_01a200a18a3b78838ab5c97bf654b3dd','','','','{}',1795306916534);
INSERT INTO "analytics_events" VALUES(3,'checkout_start','a855787cf6f6baa8662d00db1b444025','usr_01a200a18a3b78838ab5c97bf654b3dd','bio_glowup','landing_page','spring','{}',1795306916547);
INSERT INTO "analytics_events" VALUES(4,'checkout_start','a855787cf6f6baa8662d00db1b444025','usr_01a200a18a3b78838ab5c97bf654b3dd','rebrand_reset','','','{}',1795306916566);
INSERT INTO "analytics_events" VALUES(5,'purchase','','usr_01a200a18a3b78838ab5c97bf654b3dd','bio_glowup','landing_page','spring','{}',1795306916000);
INSERT INTO "analytics_events" VALUES(6,'purchase','','usr_01a200a18aeb79c1a4b85f610facf3ec','brand_blueprint_paid','landing_page','landing','{}',1795306916000);
INSERT INTO "analytics_events" VALUES(7,'purchase','','usr_01a200a18b1b705d9c932db8cfdae477','bio_glowup','landing_page','landing','{}',1795306916000);
INSERT INTO "analytics_events" VALUES(8,'upgrade','','usr_01a200a18b6d7f23ad8c1761a1657c89','sselfie_studio_membership','landing_page','landing','{}',1795306916000);
CREATE TABLE auth_tokens (
    token_hash TEXT PRIMARY KEY,
    user_id    TEXT NOT NULL REFERENCES users (id),
    purpose    TEXT NOT NULL CHECK (purpose IN ('setup', 'reset', 'confirm', 'change_email')),
    email_key  TEXT NOT NULL,  -- the address that the link went to: it proves this one and no other
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT, WITHOUT ROWID;
INSERT INTO "auth_tokens" VALUES('043aeddc9896691995428bf35401c97887b5da4221baf18f1f4c1dcaebb6b158','usr_01a200a18a3b78838ab5c97bf654b3dd','confirm','ada@example.com',1795306916429,1795911716429,1795306916512);
INSERT INTO "auth_tokens" VALUES('bc3e13b83e65d4521a2c07dae2a8fd0def718aa752f098100c26171092a00a5f','usr_01a200a18b6d7f23ad8c1761a1657c89','setup','edith@example.com',1795306916723,1795911716723,NULL);
INSERT INTO "auth_tokens" VALUES('c1c49ef259e516e12fb54c92536d1b6192139e9a2f8864b350a426fa47c1ea8c','usr_01a200a18aeb79c1a4b85f610facf3ec','setup','grace@example.com',1795306916611,1795911716611,NULL);
INSERT INTO "auth_tokens" VALUES('c4ed4731d1d8c833e4d0c3a74dfefe691eb7c61664db2f24d02f3883e89edf39','usr_01a200a18b1b705d9c932db8cfdae477','setup','joan@example.com',1795306916655,1795911716655,NULL);
CREATE TABLE blueprint_subscribers (
    user_id            TEXT PRIMARY KEY REFERENCES users (id),
    form_data          TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(form_data)),
    strategy_data      TEXT CHECK (strategy_data IS NULL OR json_valid(strategy_data)),
    strategy_generated INTEGER NOT NULL DEFAULT 0 CHECK (strategy_generated IN (0, 1)),
    grid_generated     INTEGER NOT NULL DEFAULT 0 CHECK (grid_generated IN (0, 1)),
    origin             TEXT NOT NULL CHECK (origin IN ('wizard', 'blueprint', 'import')),  -- a row of the wizard's own is no blueprint state
    created_at         INTEGER NOT NULL,
    updated_at         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "blueprint_subscribers" VALUES('usr_01a200a18a3b78838ab5c97bf654b3dd','{"dreamClient":"Founders","feedStyle":"light","struggle":"Time","vibe":"calm"}',NULL,0,0,'blueprint',1795306916537,1795306916540);
CREATE TABLE campaign_recipients (
    campaign_id TEXT NOT NULL REFERENCES admin_email_campaigns (id),
    user_id     TEXT NOT NULL REFERENCES users (id),
    part        TEXT NOT NULL CHECK (part IN ('a', 'b', 'rest', 'hold_out')),
    outcome     TEXT NOT NULL CHECK (outcome IN ('waiting', 'queued', 'skipped', 'held_out')),
    reason      TEXT NOT NULL DEFAULT '',
    at          INTEGER NOT NULL,
    PRIMARY KEY (campaign_id, user_id)
) STRICT, WITHOUT ROWID;
INSERT INTO "campaign_recipients" VALUES('cmp_01a200a18cda7960a4905851185bb93a','usr_01a200a18a3b78838ab5c97bf654b3dd','a','skipped','not due',1795000000000);
CREATE TABLE checkouts (
    id              TEXT PRIMARY KEY,  -- the ref that Stripe gets
    user_id         TEXT REFERENCES users (id),
    signed_in       INTEGER NOT NULL DEFAULT 0 CHECK (signed_in IN (0, 1)),
    product_id      TEXT NOT NULL,
    price           INTEGER NOT NULL CHECK (price >= 0),
    currency        TEXT NOT NULL,
    promotion       TEXT NOT NULL DEFAULT '',
    discount        INTEGER NOT NULL DEFAULT 0 CHECK (discount >= 0),
    source          TEXT NOT NULL DEFAULT '',
    campaign        TEXT NOT NULL DEFAULT '',
    link            TEXT NOT NULL DEFAULT '',
    marketing       TEXT NOT NULL DEFAULT '' CHECK (marketing IN ('', 'yes', 'no')),
    session_id      TEXT,
    client_secret   TEXT NOT NULL DEFAULT '',
    state           TEXT NOT NULL CHECK (state IN ('new', 'open', 'processing', 'complete', 'failed', 'expired')),
    email           TEXT NOT NULL DEFAULT '',  -- what the visitor left at Stripe
    created_at      INTEGER NOT NULL,
    expires_at      INTEGER,
    completed_at    INTEGER
) STRICT, WITHOUT ROWID;
INSERT INTO "checkouts" VALUES('chk_01a200a18ac375f0b63c6cd09c1af9d2','usr_01a200a18a3b78838ab5c97bf654b3dd',1,'bio_glowup',4700,'usd','',0,'landing_page','spring','','','cs_test_a1wPJOJDUeGMrSptkXpB5IQOjRvlQHr2ezJv2cCR17QHHv7gvjFX9wscviQ3','','complete','ada@example.com',1795306916547,1795393316000,1795306916000);
INSERT INTO "checkouts" VALUES('chk_01a200a18ad67ae4bf50f85489e225c1','usr_01a200a18a3b78838ab5c97bf654b3dd',1,'rebrand_reset',9700,'usd','',0,'','','','','cs_test_a12DqLsry9aUt7n3u7vUQDtClAxoa4sm0RvkGnPaxgtY6ui4TVeB4p4D322A','','expired','ada@example.com',1795306916566,1795393316000,NULL);
CREATE TABLE consents (
    id         TEXT PRIMARY KEY,
    user_id    TEXT REFERENCES users (id),
    checkout_id TEXT REFERENCES checkouts (id),
    email_key  TEXT,
    purpose    TEXT NOT NULL,
    given      INTEGER NOT NULL CHECK (given IN (0, 1)),
    text_version TEXT NOT NULL,
    source     TEXT NOT NULL,
    at         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "consents" VALUES('con_01a200a18bb87aa4bd1d9e8d33fb7166',NULL,NULL,'lead@example.com','free_blueprint',1,'2026-01','pin',1795306916792);
CREATE TABLE credit_transactions (
    seq             INTEGER PRIMARY KEY,  -- the order of the ledger
    id              TEXT NOT NULL UNIQUE,
    user_id         TEXT NOT NULL REFERENCES users (id),
    amount          INTEGER NOT NULL CHECK (amount <> 0),
    type            TEXT NOT NULL CHECK (type IN ('sign_up', 'purchase', 'membership', 'spend', 'give_back', 'refund', 'dispute', 'adjustment', 'import')),
    description     TEXT NOT NULL,
    balance_after   INTEGER NOT NULL CHECK (balance_after >= 0),
    idempotency_key TEXT NOT NULL,
    reference       TEXT NOT NULL DEFAULT '',
    created_at      INTEGER NOT NULL
) STRICT;
INSERT INTO "credit_transactions" VALUES(1,'crd_01a200a18a3c7334a529bac9bae89fe8','usr_01a200a18a3b78838ab5c97bf654b3dd',2,'sign_up','Credits to start with',2,'sign_up','',1795306916411);
INSERT INTO "credit_transactions" VALUES(2,'crd_01a200a18ae572849150ef13bfae2e2d','usr_01a200a18a3b78838ab5c97bf654b3dd',25,'purchase','Bio Glow-Up',27,'cs:cs_test_a1wPJOJDUeGMrSptkXpB5IQOjRvlQHr2ezJv2cCR17QHHv7gvjFX9wscviQ3','pay_01a200a18ae4799ea5280c6a199e39ca',1795306916000);
INSERT INTO "credit_transactions" VALUES(3,'crd_01a200a18aeb7eae892d14f5943fb6fb','usr_01a200a18aeb79c1a4b85f610facf3ec',60,'purchase','Brand Blueprint',60,'cs:cs_test_069815a623db4e3786949984d86f7f70','pay_01a200a18aeb7b57ba642a5ebb306a10',1795306916000);
INSERT INTO "credit_transactions" VALUES(4,'crd_01a200a18b0f796d815cab2d7210686e','usr_01a200a18aeb79c1a4b85f610facf3ec',-60,'dispute','Brand Blueprint, taken back',0,'take:cs:cs_test_069815a623db4e3786949984d86f7f70:1','pay_01a200a18aeb7b57ba642a5ebb306a10',1795306916000);
INSERT INTO "credit_transactions" VALUES(5,'crd_01a200a18b1b73ebaec42a0d9271a798','usr_01a200a18b1b705d9c932db8cfdae477',25,'purchase','Bio Glow-Up',25,'cs:cs_test_918edaadd54f4062a9b7c3d777d97617','pay_01a200a18b1b723e81203f7e4bb0e00f',1795306916000);
INSERT INTO "credit_transactions" VALUES(6,'crd_01a200a18b3a708681e1d48530a5a380','usr_01a200a18b1b705d9c932db8cfdae477',-25,'refund','Bio Glow-Up, taken back',0,'take:cs:cs_test_918edaadd54f4062a9b7c3d777d97617:1','pay_01a200a18b1b723e81203f7e4bb0e00f',1795306916000);
INSERT INTO "credit_transactions" VALUES(7,'crd_01a200a18b6e7bbfbb52f3fc356f9770','usr_01a200a18b6d7f23ad8c1761a1657c89',200,'membership','Studio, a month''s credits',200,'inv:in_e','pay_01a200a18b6e79ad8c633581aa0b6e6d',1795306916000);
INSERT INTO "credit_transactions" VALUES(8,'crd_01a200a18ca57eaeb21897bce89f9aa6','usr_01a200a18a3b78838ab5c97bf654b3dd',5,'adjustment','a present',32,'adj:adj_01a200a18ca57a8eb3d0bd8df03c1ad8','usr_01a200a184257b3bae8b208d06b55f20',1795306917029);
CREATE TABLE disputes (
    dispute_id TEXT PRIMARY KEY,
    payment_id TEXT NOT NULL REFERENCES stripe_payments (id),
    amount     INTEGER NOT NULL CHECK (amount >= 0),
    currency   TEXT NOT NULL,
    status     TEXT NOT NULL,
    reason     TEXT NOT NULL DEFAULT '',
    closed     INTEGER NOT NULL CHECK (closed IN (0, 1)),
    event_at   INTEGER NOT NULL,
    event_id   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "disputes" VALUES('dp_g','pay_01a200a18aeb7b57ba642a5ebb306a10',6700,'usd','needs_response','fraudulent',0,1795306916000,'evt_cdeb37cedd6b450dbace35f5ce3c5a79');
CREATE TABLE email_links (
    id              TEXT PRIMARY KEY,
    email_log_id    TEXT NOT NULL REFERENCES email_logs (id),
    destination     TEXT NOT NULL,
    clicks          INTEGER NOT NULL DEFAULT 0,  -- by people
    machine_clicks  INTEGER NOT NULL DEFAULT 0,
    first_click_at  INTEGER,
    trapped_at      INTEGER,                     -- something followed the link that nobody sees
    created_at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "email_links" VALUES('lnk_LCjq5UBfor5kpXejbU6Y_q','eml_01a200a18d907346a5e76bfb46e861aa','/checkout/rebrand_reset?resume=chk_01a200a18ad67ae4bf50f85489e225c1&campaign=abandoned-checkout%2Frebrand_reset&link=lnk_LCjq5UBfor5kpXejbU6Y_q&source=email&utm_campaign=abandoned-checkout&utm_content=rebrand_reset&utm_medium=email&utm_source=sselfie',0,0,NULL,NULL,1795399200000);
INSERT INTO "email_links" VALUES('lnk_aT54wHvcydZ1rHmFDa2hWL','eml_01a200a18e24701db0f6f4618b957ab8','/free-blueprint?campaign=free-blueprint%2Fday-2&link=lnk_aT54wHvcydZ1rHmFDa2hWL&source=email&utm_campaign=free-blueprint&utm_content=day-2&utm_medium=email&utm_source=sselfie',0,1,NULL,NULL,1795521600000);
CREATE TABLE email_logs (
    id              TEXT PRIMARY KEY,
    user_id         TEXT REFERENCES users (id),
    to_address      TEXT NOT NULL,
    to_key          TEXT NOT NULL,
    kind            TEXT NOT NULL CHECK (kind IN ('purchase', 'welcome', 'confirm_address', 'password_reset', 'password_changed', 'studio_welcome', 'renewal', 'payment_failed', 'payment_failed_final', 'cancellation', 'farewell', 'refund', 'abandoned_checkout', 'freebie', 'sequence', 'campaign', 'notice')),
    business_key    TEXT NOT NULL UNIQUE,
    props           TEXT NOT NULL CHECK (json_valid(props)),
    token           TEXT NOT NULL DEFAULT '' CHECK (token IN ('', 'setup', 'reset', 'confirm', 'change_email')),  -- minted when it is sent
    state           TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'failed', 'bounced', 'suppressed')),
    attempts        INTEGER NOT NULL DEFAULT 0,
    next_attempt_at INTEGER NOT NULL,
    subject         TEXT NOT NULL DEFAULT '',
    error           TEXT NOT NULL DEFAULT '',
    created_at      INTEGER NOT NULL,
    sent_at         INTEGER
, sequence TEXT, step TEXT, enrolment_id TEXT, campaign_id TEXT, variant TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT '', expires_at INTEGER, opened_at INTEGER, machine_opened_at INTEGER, clicked_at INTEGER, machine_clicked_at INTEGER, converted INTEGER NOT NULL DEFAULT 0 CHECK (converted IN (0, 1)), revenue INTEGER NOT NULL DEFAULT 0, unsubscribed_at INTEGER) STRICT, WITHOUT ROWID;
INSERT INTO "email_logs" VALUES('eml_01a200a18a3c795c89b51a891a07bb80','usr_01a200a18a3b78838ab5c97bf654b3dd','ada@example.com','ada@example.com','welcome','welcome:usr_01a200a18a3b78838ab5c97bf654b3dd:sign_up','{"credits":"2","name":"Ada"}','confirm','sent',1,1795306916411,'Welcome to Sselfie: 2 credits to begin with','',1795306916411,1795306916429,NULL,NULL,NULL,NULL,'','',NULL,NULL,NULL,NULL,NULL,0,0,NULL);
INSERT INTO "email_logs" VALUES('eml_01a200a18ae579918a2bb8e296b4d84a','usr_01a200a18a3b78838ab5c97bf654b3dd','ada@example.com','ada@example.com','purchase','purchase:usr_01a200a18a3b78838ab5c97bf654b3dd:cs_test_a1wPJOJDUeGMrSptkXpB5IQOjRvlQHr2ezJv2cCR17QHHv7gvjFX9wscviQ3','{"amount":"$47","checkout":"chk_01a200a18ac375f0b63c6cd09c1af9d2","credits":"25","kind":"mini","name":"Ada","path":"/bio/generator","product":"Bio Glow-Up","productId":"bio_glowup"}','','sent',1,1795306916581,'Welcome to Sselfie! Your Bio Glow-Up is ready','',1795306916581,1795306916594,NULL,NULL,NULL,NULL,'','',NULL,NULL,NULL,NULL,NULL,0,0,NULL);
INSERT INTO "email_logs" VALUES('eml_01a200a18aec78d58cc12a53d1b1da5c','usr_01a200a18aeb79c1a4b85f610facf3ec','grace@example.com','grace@example.com','purchase','purchase:usr_01a200a18aeb79c1a4b85f610facf3ec:cs_test_069815a623db4e3786949984d86f7f70','{"amount":"$67","credits":"60","kind":"mini","name":"Jenny Rosen","path":"/studio?tab=blueprint\u0026purchase=success","product":"Brand Blueprint","productId":"brand_blueprint_paid"}','setup','sent',1,1795306916588,'Welcome to Sselfie! Your Brand Blueprint is ready','',1795306916588,1795306916611,NULL,NULL,NULL,NULL,'','',NULL,NULL,NULL,NULL,NULL,0,0,NULL);
INSERT INTO "email_logs" VALUES('eml_01a200a18b047bc4ab249852e682ef72','usr_01a200a18aeb79c1a4b85f610facf3ec','grace@example.com','grace@example.com','refund','refund:usr_01a200a18aeb79c1a4b85f610facf3ec:pay_01a200a18aeb7b57ba642a5ebb306a10:1000','{"amount":"$10","name":"Jenny Rosen","partial":"yes","path":"/account","product":"Brand Blueprint"}','','sent',1,1795306916612,'Your refund of $10 is on its way','',1795306916612,1795306916617,NULL,NULL,NULL,NULL,'','',NULL,NULL,NULL,NULL,NULL,0,0,NULL);
INSERT INTO "email_logs" VALUES('eml_01a200a18b0f716fb150e7d5230d33f4',NULL,'admin@example.com','admin@example.com','notice','notice:admin@example.com:dispute:dp_g:needs_response','{"link":"http://127.0.0.1:8102/admin/webhooks","subject":"A payment is disputed","text":"A customer''s bank reports a dispute (fraudulent, needs_response) over $67. What the payment brought is suspended while the dispute is open. Answer it in the Stripe dashboard."}','','sent',1,1795306916623,'A payment is disputed','',1795306916623,1795306916629,NULL,NULL,NULL,NULL,'','',NULL,NULL,NULL,NULL,NULL,0,0,NULL);
INSERT INTO "email_logs" VALUES('eml_01a200a18b1b75809088e1d94732598b','usr_01a200a18b1b705d9c932db8cfdae477','joan@example.com','joan@example.com','purchase','purchase:usr_01a200a18b1b705d9c932db8cfdae477:cs_test_918edaadd54f4062a9b7c3d777d97617','{"amount":"$47","credits":"25","kind":"mini","name":"Jenny Rosen","path":"/bio/generator","product":"Bio Glow-Up","productId":"bio_glowup"}','setup','sent',1,1795306916635,'Welcome to Sselfie! Your Bio Glow-Up is ready','',1795306916635,1795306916655,NULL,NULL,NULL,NULL,'','',NULL,NULL,NULL,NULL,NULL,0,0,NULL);
INSERT INTO "email_logs" VALUES('eml_01a200a18b3a73c788956c0d9d8f3965','usr_01a200a18b1b705d9c932db8cfdae477','joan@example.com','joan@example.com','refund','refund:usr_01a200a18b1b705d9c932db8cfdae477:pay_01a200a18b1b723e81203f7e4bb0e00f:4700','{"amount":"$47","credits":"25","name":"Jenny Rosen","path":"/account","product":"Bio Glow-Up"}','','sent',1,1795306916666,'Your refund of $47 is on its way','',1795306916666,1795306916678,NULL,NULL,NULL,NULL,'','',NULL,NULL,NULL,NULL,NULL,0,0,NULL);
INSERT INTO "email_logs" VALUES('eml_01a200a18b6e70b4be229c63c636b087','usr_01a200a18b6d7f23ad8c1761a1657c89','edith@example.com','edith@example.com','purchase','purchase:usr_01a200a18b6d7f23ad8c1761a1657c89:cs_test_5df20d387dfb4260858028f8d9e05d77','{"amount":"$97","credits":"200","kind":"membership","name":"Jenny Rosen","path":"/studio","product":"Studio","productId":"sselfie_studio_membership"}','setup','sent',1,1795306916718,'Welcome to Sselfie! Your Studio is ready','',1795306916718,1795306916723,NULL,NULL,NULL,NULL,'','',NULL,NULL,NULL,NULL,NULL,0,0,NULL);
INSERT INTO "email_logs" VALUES('eml_01a200a18b6f799aba9dfc248de689b4','usr_01a200a18b6d7f23ad8c1761a1657c89','edith@example.com','edith@example.com','studio_welcome','studio_welcome:usr_01a200a18b6d7f23ad8c1761a1657c89:sub_e','{"amount":"$97","credits":"200","name":"Jenny Rosen","path":"/studio","product":"Studio","renews":"22 December 2026"}','','sent',1,1795306916719,'Studio is open','',1795306916719,1795306916723,NULL,NULL,NULL,NULL,'','',NULL,NULL,NULL,NULL,NULL,0,0,NULL);
INSERT INTO "email_logs" VALUES('eml_01a200a18b777afea8ec05fbae3cb4f0','usr_01a200a18b6d7f23ad8c1761a1657c89','edith@example.com','edith@example.com','cancellation','cancellation:usr_01a200a18b6d7f23ad8c1761a1657c89:sub_e:2026-12-22','{"name":"Jenny Rosen","path":"/account","product":"Studio","until":"22 December 2026"}','','sent',1,1795306916727,'Studio ends on 22 December 2026','',1795306916727,1795306916732,NULL,NULL,NULL,NULL,'','',NULL,NULL,NULL,NULL,NULL,0,0,NULL);
INSERT INTO "email_logs" VALUES('eml_01a200a18bab74ba926330e91d770438',NULL,'admin@example.com','admin@example.com','notice','notice:admin@example.com:misfit:cs_test_65ed3189b58d4cb28ed2b634b236f992','{"link":"http://127.0.0.1:8102/admin/webhooks","subject":"A payment needs your eyes","text":"A checkout for Bio Glow-Up was paid, but the price before discounts was $0.01, Bio Glow-Up costs $47. Nothing was granted. It waits in the list of unmatched payments."}','','sent',1,1795306916779,'A payment needs your eyes','',1795306916779,1795306916786,NULL,NULL,NULL,NULL,'','',NULL,NULL,NULL,NULL,NULL,0,0,NULL);
INSERT INTO "email_logs" VALUES('eml_01a200a18bb87bd18b0ebc87915a5f76',NULL,'lead@example.com','lead@example.com','freebie','freebie:lead@example.com:req_01a200a18bb87b9a961f4bff0a94210f','{"name":"Lin","path":"/free-blueprint?t=lead_01a200a18bb8780aaf9d0f630c4613b3.GtMyNf7m4VkEsY2BVSFh1lkAwWDK5RL1rio8N_55640"}','','sent',1,1795306916792,'Your free blueprint','',1795306916792,1795306916799,NULL,NULL,NULL,NULL,'','',NULL,NULL,NULL,NULL,NULL,0,0,NULL);
INSERT INTO "email_logs" VALUES('eml_01a200a18bbe7dc8bb0d75b59353d8bd',NULL,'admin@example.com','admin@example.com','notice','notice:admin@example.com:tkt_01a200a18bbe76a1bd9d5dfcb6fe9f1b','{"path":"/admin/users","subject":"A note from Ada","text":"Ada \u003cada@example.com\u003e wrote on 22 November 2026, 00:21 UTC:\n\nHello\n\nAbout: Bio Glow-Up\n\nTicket tkt_01a200a18bbe76a1bd9d5dfcb6fe9f1b"}','','sent',1,1795306916798,'A note from Ada','',1795306916798,1795306916808,NULL,NULL,NULL,NULL,'','',NULL,NULL,NULL,NULL,NULL,0,0,NULL);
INSERT INTO "email_logs" VALUES('eml_01a200a18d907346a5e76bfb46e861aa','usr_01a200a18a3b78838ab5c97bf654b3dd','ada@example.com','ada@example.com','abandoned_checkout','abandoned_checkout:chk_01a200a18ad67ae4bf50f85489e225c1','{"amount":"$97","name":"Ada","path":"/checkout/rebrand_reset?resume=chk_01a200a18ad67ae4bf50f85489e225c1","product":"Rebrand Reset"}','','sent',1,1795399200000,'Your Rebrand Reset is still on the table','',1795399200000,1795399200006,NULL,NULL,NULL,NULL,'','left a checkout with an address and has not bought since',1795658400000,NULL,NULL,NULL,NULL,0,0,NULL);
INSERT INTO "email_logs" VALUES('eml_01a200a18e24701db0f6f4618b957ab8',NULL,'lead@example.com','lead@example.com','sequence','sequence:enr_01a200a18bb87a05a85fc968b24a527c:day-2','{}','','sent',1,1795521600000,'Who are you talking to?','',1795521600000,1795521600005,'free-blueprint','day-2','enr_01a200a18bb87a05a85fc968b24a527c',NULL,'','day 2 since 22 November 2026 00:21 UTC',1795738916792,NULL,NULL,NULL,1795594917100,0,0,1795594917104);
CREATE TABLE email_segment_members (
    segment_id TEXT NOT NULL REFERENCES email_segments (id) ON DELETE CASCADE,
    user_id    TEXT NOT NULL REFERENCES users (id),
    joined_at  INTEGER NOT NULL,
    PRIMARY KEY (segment_id, user_id)
) STRICT, WITHOUT ROWID;
INSERT INTO "email_segment_members" VALUES('seg_01a200a18cb7728994d5552d76ecbed1','usr_01a200a18a3b78838ab5c97bf654b3dd',1795306917047);
INSERT INTO "email_segment_members" VALUES('seg_01a200a18cb7728994d5552d76ecbed1','usr_01a200a18aeb79c1a4b85f610facf3ec',1795306917047);
INSERT INTO "email_segment_members" VALUES('seg_01a200a18cb7728994d5552d76ecbed1','usr_01a200a18b6d7f23ad8c1761a1657c89',1795306917047);
INSERT INTO "email_segment_members" VALUES('seg_bio_glowup_not_studio','usr_01a200a18a3b78838ab5c97bf654b3dd',1795306916583);
INSERT INTO "email_segment_members" VALUES('seg_brand_blueprint_paid_not_studio','usr_01a200a18aeb79c1a4b85f610facf3ec',1795306916588);
INSERT INTO "email_segment_members" VALUES('seg_studio_members','usr_01a200a18b6d7f23ad8c1761a1657c89',1795306916720);
CREATE TABLE email_segments (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    built_in     INTEGER NOT NULL DEFAULT 0 CHECK (built_in IN (0, 1)),
    rule         TEXT NOT NULL CHECK (json_valid(rule)),
    members      INTEGER NOT NULL DEFAULT 0,
    joined       INTEGER NOT NULL DEFAULT 0,  -- at the last refresh of all
    gone         INTEGER NOT NULL DEFAULT 0,
    refreshed_at INTEGER,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "email_segments" VALUES('seg_01a200a18cb7728994d5552d76ecbed1','From Instagram',0,'{"source":"landing_page"}',3,0,0,1795575600000,1795306917047,1795306917047);
INSERT INTO "email_segments" VALUES('seg_beta','Beta',1,'{"tag":"beta"}',0,0,0,1795575600000,1795306914710,1795306914710);
INSERT INTO "email_segments" VALUES('seg_bio_glowup_not_studio','Bio Glow-Up Buyers - Not Studio',1,'{"all":[{"purchased":{"products":["bio_glowup"]}},{"not":{"entitlement":"studio"}}]}',1,0,0,1795575600000,1795306914710,1795306914710);
INSERT INTO "email_segments" VALUES('seg_booster_frequent_not_studio','Credit Booster Frequent Buyers',1,'{"all":[{"timesPurchased":{"products":["credits_100","credits_200"],"atLeast":2}},{"not":{"entitlement":"studio"}}]}',0,0,0,1795575600000,1795306914710,1795306914710);
INSERT INTO "email_segments" VALUES('seg_brand_blueprint_paid_not_studio','Blueprint Buyers - Not Studio',1,'{"all":[{"purchased":{"products":["brand_blueprint_paid"]}},{"not":{"entitlement":"studio"}}]}',1,0,0,1795575600000,1795306914710,1795306914710);
INSERT INTO "email_segments" VALUES('seg_mini_product_alumni','Mini Product Alumni',1,'{"all":[{"lastPurchase":{"products":["one_time_session","brand_blueprint_paid","bio_glowup","nine_post_feed","rebrand_reset"],"atLeastDaysAgo":30}},{"not":{"entitlement":"studio"}}]}',0,0,0,1795575600000,1795306914710,1795306914710);
INSERT INTO "email_segments" VALUES('seg_nine_post_feed_not_studio','9-Post Feed Buyers - Not Studio',1,'{"all":[{"purchased":{"products":["nine_post_feed"]}},{"not":{"entitlement":"studio"}}]}',0,0,0,1795575600000,1795306914710,1795306914710);
INSERT INTO "email_segments" VALUES('seg_one_time_session_not_studio','Starter Photoshoot - Not Studio',1,'{"all":[{"purchased":{"products":["one_time_session"]}},{"not":{"entitlement":"studio"}}]}',0,0,0,1795575600000,1795306914710,1795306914710);
INSERT INTO "email_segments" VALUES('seg_rebrand_reset_not_studio','Rebrand Reset Buyers - Not Studio',1,'{"all":[{"purchased":{"products":["rebrand_reset"]}},{"not":{"entitlement":"studio"}}]}',0,0,0,1795575600000,1795306914710,1795306914710);
INSERT INTO "email_segments" VALUES('seg_studio_members','Studio Members',1,'{"entitlement":"studio"}',1,0,0,1795575600000,1795306914710,1795306914710);
CREATE TABLE email_suppressions (
    address_key TEXT NOT NULL,
    reason      TEXT NOT NULL CHECK (reason IN ('hard_bounce', 'complaint', 'unsubscribed', 'manual')),
    detail      TEXT NOT NULL DEFAULT '',
    since       INTEGER NOT NULL,
    PRIMARY KEY (address_key, reason)
) STRICT, WITHOUT ROWID;
INSERT INTO "email_suppressions" VALUES('lead@example.com','unsubscribed','',1795594917104);
CREATE TABLE enrolment_steps (
    enrolment_id TEXT NOT NULL REFERENCES mini_product_upsell_sequence (id),
    step         TEXT NOT NULL,
    outcome      TEXT NOT NULL CHECK (outcome IN ('sent', 'skipped')),
    reason       TEXT NOT NULL,
    at           INTEGER NOT NULL,
    PRIMARY KEY (enrolment_id, step)
) STRICT, WITHOUT ROWID;
INSERT INTO "enrolment_steps" VALUES('enr_01a200a18bb87a05a85fc968b24a527c','day-2','sent','day 2 since 22 November 2026 00:21 UTC',1795521600000);
CREATE TABLE freebie_subscribers (
    id            TEXT PRIMARY KEY,
    email         TEXT NOT NULL,
    email_key     TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL DEFAULT '',
    source        TEXT NOT NULL DEFAULT '',
    consent_at    INTEGER NOT NULL,
    consent_text  TEXT NOT NULL,
    confirmed_at  INTEGER,  -- double opt-in: the link in the mail was followed
    user_id       TEXT REFERENCES users (id),
    converted_at  INTEGER,
    created_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "freebie_subscribers" VALUES('lead_01a200a18bb8780aaf9d0f630c4613b3','lead@example.com','lead@example.com','Lin','pin',1795306916792,'2026-01',NULL,NULL,NULL,1795306916792);
CREATE TABLE goose_db_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);
INSERT INTO "goose_db_version" VALUES(1,0,1,'2026-11-22 00:21:54');
INSERT INTO "goose_db_version" VALUES(2,1,1,'2026-11-22 00:21:54');
INSERT INTO "goose_db_version" VALUES(3,2,1,'2026-11-22 00:21:54');
INSERT INTO "goose_db_version" VALUES(4,3,1,'2026-11-22 00:21:54');
INSERT INTO "goose_db_version" VALUES(5,5,1,'2026-11-22 00:21:54');
CREATE TABLE idempotency_answers (
    user_id      TEXT NOT NULL REFERENCES users (id),
    key          TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    status       INTEGER NOT NULL,
    body         TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (user_id, key)
) STRICT, WITHOUT ROWID;
INSERT INTO "idempotency_answers" VALUES('usr_01a200a18a3b78838ab5c97bf654b3dd','key-1','hash',202,'{}',1795000000000);
CREATE TABLE job_runs (
    job           TEXT NOT NULL,
    scheduled_for INTEGER NOT NULL,
    started_at    INTEGER NOT NULL,
    finished_at   INTEGER,
    processed     INTEGER NOT NULL DEFAULT 0,
    skipped       INTEGER NOT NULL DEFAULT 0,
    failed        INTEGER NOT NULL DEFAULT 0,
    error         TEXT NOT NULL DEFAULT '',
    trigger       TEXT NOT NULL DEFAULT 'schedule' CHECK (trigger IN ('schedule', 'hand')),
    PRIMARY KEY (job, scheduled_for)
) STRICT, WITHOUT ROWID;
INSERT INTO "job_runs" VALUES('abandoned-checkout',1795582800000,1795582800000,1795582800000,0,0,0,'','schedule');
INSERT INTO "job_runs" VALUES('abandoned-checkout',1795586400000,1795586400000,1795586400000,0,0,0,'','schedule');
INSERT INTO "job_runs" VALUES('abandoned-checkout',1795590000000,1795590000000,1795590000000,0,0,0,'','schedule');
INSERT INTO "job_runs" VALUES('abandoned-checkout',1795593600000,1795593600000,1795593600000,0,0,0,'','schedule');
INSERT INTO "job_runs" VALUES('guard-flags',1795582800000,1795582800000,1795582800000,0,0,0,'','schedule');
INSERT INTO "job_runs" VALUES('guard-flags',1795586400000,1795586400000,1795586400000,0,0,0,'','schedule');
INSERT INTO "job_runs" VALUES('guard-flags',1795590000000,1795590000000,1795590000000,0,0,0,'','schedule');
INSERT INTO "job_runs" VALUES('guard-flags',1795593600000,1795593600000,1795593600000,0,0,0,'','schedule');
INSERT INTO "job_runs" VALUES('send-scheduled-campaigns',1795582800000,1795582800000,1795582800000,0,0,0,'','schedule');
INSERT INTO "job_runs" VALUES('send-scheduled-campaigns',1795586400000,1795586400000,1795586400000,0,0,0,'','schedule');
INSERT INTO "job_runs" VALUES('send-scheduled-campaigns',1795590000000,1795590000000,1795590000000,0,0,0,'','schedule');
INSERT INTO "job_runs" VALUES('send-scheduled-campaigns',1795593600000,1795593600000,1795593600000,0,0,0,'','schedule');
INSERT INTO "job_runs" VALUES('stripe-catch-up',1795582800000,1795582800000,1795582800000,0,2,0,'','schedule');
INSERT INTO "job_runs" VALUES('stripe-catch-up',1795586400000,1795586400000,1795586400000,0,2,0,'','schedule');
INSERT INTO "job_runs" VALUES('stripe-catch-up',1795590000000,1795590000000,1795590000000,0,2,0,'','schedule');
INSERT INTO "job_runs" VALUES('stripe-catch-up',1795593600000,1795593600000,1795593600000,0,2,0,'','schedule');
CREATE TABLE mail_preferences (
    address_key TEXT PRIMARY KEY,
    offers      INTEGER NOT NULL CHECK (offers IN (0, 1)),
    newsletter  INTEGER NOT NULL CHECK (newsletter IN (0, 1)),
    updated_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "mail_preferences" VALUES('grace@example.com',1,0,1795000000000);
CREATE TABLE mail_reports (
    reference    TEXT PRIMARY KEY,  -- the reporter's, so that the second time is boring
    kind         TEXT NOT NULL CHECK (kind IN ('bounce', 'soft_bounce', 'complaint')),
    email_log_id TEXT,
    marketing    INTEGER NOT NULL CHECK (marketing IN (0, 1)),
    detail       TEXT NOT NULL DEFAULT '',
    at           INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "mail_reports" VALUES('rep_1','soft_bounce','eml_01a200a18a3c795c89b51a891a07bb80',0,'full',1795000000000);
CREATE TABLE mini_product_upsell_sequence (
    id         TEXT PRIMARY KEY,
    series     TEXT NOT NULL,
    user_id    TEXT REFERENCES users (id),
    lead_id    TEXT REFERENCES freebie_subscribers (id),
    product_id TEXT NOT NULL DEFAULT '',
    payment_id TEXT REFERENCES stripe_payments (id),
    basis      TEXT NOT NULL CHECK (basis IN ('own_products', 'opt_in', 'double_opt_in')),
    anchor_at  INTEGER NOT NULL,           -- days are counted from here
    bought_at  INTEGER,                    -- of several, the newest purchase goes first
    next_step  TEXT NOT NULL DEFAULT '',
    due_at     INTEGER NOT NULL,           -- when it is looked at next
    ended_at   INTEGER,
    end_reason TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    CHECK ((user_id IS NULL) <> (lead_id IS NULL)),
    CHECK ((ended_at IS NULL) = (end_reason = ''))
) STRICT, WITHOUT ROWID;
INSERT INTO "mini_product_upsell_sequence" VALUES('enr_01a200a18ae77020938c0aded5b17be2','mini-product','usr_01a200a18a3b78838ab5c97bf654b3dd',NULL,'bio_glowup','pay_01a200a18ae4799ea5280c6a199e39ca','own_products',1795306916000,1795306916000,'',1795566116000,NULL,'',1795306916000);
INSERT INTO "mini_product_upsell_sequence" VALUES('enr_01a200a18aec7cb4b16dbd407e8a692a','mini-product','usr_01a200a18aeb79c1a4b85f610facf3ec',NULL,'brand_blueprint_paid','pay_01a200a18aeb7b57ba642a5ebb306a10','own_products',1795306916000,1795306916000,'',1795566116000,NULL,'',1795306916000);
INSERT INTO "mini_product_upsell_sequence" VALUES('enr_01a200a18b1b7972985f65f146a50a4a','mini-product','usr_01a200a18b1b705d9c932db8cfdae477',NULL,'bio_glowup','pay_01a200a18b1b723e81203f7e4bb0e00f','own_products',1795306916000,1795306916000,'',1795566116000,1795306916666,'refunded',1795306916000);
INSERT INTO "mini_product_upsell_sequence" VALUES('enr_01a200a18bb87a05a85fc968b24a527c','free-blueprint',NULL,'lead_01a200a18bb8780aaf9d0f630c4613b3','brand_blueprint_paid',NULL,'double_opt_in',1795306916792,NULL,'day-5',1795738916792,1795594917104,'unsubscribed',1795306916792);
CREATE TABLE promotion_uses (
    user_id    TEXT NOT NULL REFERENCES users (id),
    code       TEXT NOT NULL,
    ends_at    INTEGER,           -- until when the offer runs for this customer
    reference  TEXT,              -- the subscription that used it; NULL while it is only offered
    used_at    INTEGER,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, code)
) STRICT, WITHOUT ROWID;
INSERT INTO "promotion_uses" VALUES('usr_01a200a18a3b78838ab5c97bf654b3dd','MINI20',1798158116000,NULL,NULL,1795306916000);
INSERT INTO "promotion_uses" VALUES('usr_01a200a18aeb79c1a4b85f610facf3ec','MINI20',1798158116000,NULL,NULL,1795306916000);
INSERT INTO "promotion_uses" VALUES('usr_01a200a18b1b705d9c932db8cfdae477','MINI20',1798158116000,NULL,NULL,1795306916000);
CREATE TABLE rate_counters (
    key          TEXT NOT NULL,
    window_start INTEGER NOT NULL,  -- wall clock
    count        INTEGER NOT NULL CHECK (count >= 0),
    PRIMARY KEY (key, window_start)
) STRICT, WITHOUT ROWID;
INSERT INTO "rate_counters" VALUES('freebie:d:lead@example.com',1795305600000,1);
INSERT INTO "rate_counters" VALUES('freebie:h:lead@example.com',1795305600000,1);
INSERT INTO "rate_counters" VALUES('support:d:ada@example.com',1795305600000,1);
INSERT INTO "rate_counters" VALUES('support:h:ada@example.com',1795305600000,1);
INSERT INTO "rate_counters" VALUES('support:notices',1795305600000,1);
CREATE TABLE refunds (
    refund_id  TEXT PRIMARY KEY,
    payment_id TEXT NOT NULL REFERENCES stripe_payments (id),
    amount     INTEGER NOT NULL CHECK (amount >= 0),
    currency   TEXT NOT NULL,
    status     TEXT NOT NULL,
    event_at   INTEGER NOT NULL,
    event_id   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "refunds" VALUES('re_g','pay_01a200a18aeb7b57ba642a5ebb306a10',1000,'usd','succeeded',1795000000000,'evt_re_g');
CREATE TABLE sequence_texts (
    series     TEXT NOT NULL,
    step       TEXT NOT NULL,
    product_id TEXT NOT NULL DEFAULT '',  -- '' for every product
    text       TEXT NOT NULL,             -- a whole step: front matter and letter
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (series, step, product_id)
) STRICT, WITHOUT ROWID;
INSERT INTO "sequence_texts" VALUES('bio_glowup','day_3','','---
subject: Hello
---
Hello',1795000000000);
CREATE TABLE sessions (
    token_hash       TEXT PRIMARY KEY,
    user_id          TEXT NOT NULL REFERENCES users (id),
    created_at       INTEGER NOT NULL,  -- wall clock, like every time of this table
    last_seen_at     INTEGER NOT NULL,
    authenticated_at INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL,
    user_agent       TEXT NOT NULL DEFAULT '',
    address          TEXT NOT NULL DEFAULT ''  -- truncated
) STRICT, WITHOUT ROWID;
INSERT INTO "sessions" VALUES('6dc976eecc161376c4c2ef8e14c22bf47e21f4e6faef78a795574c92904b38fa','usr_01a200a184257b3bae8b208d06b55f20',1795306917011,1795306917011,1795306917011,1797898917011,'Python-urllib/3.11','127.0.0.0');
INSERT INTO "sessions" VALUES('b4d4f09edd6602b20082762a5f11fb130105dbc340deaf1389c5f2bdc338ac8e','usr_01a200a18a3b78838ab5c97bf654b3dd',1795306916411,1795306916411,1795306916411,1797898916411,'Python-urllib/3.11','127.0.0.0');
CREATE TABLE settings (
    key        TEXT PRIMARY KEY,
    value      TEXT NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
INSERT INTO "settings" VALUES('signing_key','90bd01783670db8356e5b8c9aae192e65178bc651e51e37c798bec4b6827dd74',1795306914706);
INSERT INTO "settings" VALUES('installed_at','2026-11-22T00:21:54.706510459Z',1795306914706);
INSERT INTO "settings" VALUES('mode','test',1795306914706);
INSERT INTO "settings" VALUES('stripe_catch_up_until','2026-11-24T22:00:00Z',1795557600000);
INSERT INTO "settings" VALUES('clock_offset','79h59m59.558538936s',1795306917532);
CREATE TABLE stripe_customers (
    customer_id TEXT PRIMARY KEY,
    user_id     TEXT NOT NULL REFERENCES users (id),
    created_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "stripe_customers" VALUES('cus_K1eNVzO6pXf4TU','usr_01a200a18a3b78838ab5c97bf654b3dd',1795306916000);
INSERT INTO "stripe_customers" VALUES('cus_e','usr_01a200a18b6d7f23ad8c1761a1657c89',1795306916000);
CREATE TABLE stripe_objects (
    kind       TEXT NOT NULL CHECK (kind IN ('subscription', 'invoice', 'charge', 'dispute')),
    id         TEXT NOT NULL,
    user_id    TEXT REFERENCES users (id),
    event_id   TEXT NOT NULL,
    event_at   INTEGER NOT NULL,
    snapshot   TEXT NOT NULL CHECK (json_valid(snapshot)),
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
INSERT INTO "stripe_objects" VALUES('charge','ch_g','usr_01a200a18aeb79c1a4b85f610facf3ec','evt_76a8aa5bbdfe4b90ad0c8e374b00c729',1795306916000,'{"id":"ch_g","payment_intent":"pi_g","customer":"cus_4acce05bd787","currency":"usd","amount":6700,"refunded":1000,"full":false,"created":"2026-11-22T00:21:56Z","meta":{"product_type":"bio_glowup","source":"landing_page","campaign":"landing","ref":"ref_965227dc8a2d4536b08fb03f68c7530a"}}',1795306916000);
INSERT INTO "stripe_objects" VALUES('charge','ch_j','usr_01a200a18b1b705d9c932db8cfdae477','evt_07f874ce5bf640e99f7f2206b094e213',1795306916000,'{"id":"ch_j","payment_intent":"pi_j","customer":"cus_e85a3ff744d7","currency":"usd","amount":4700,"refunded":4700,"full":true,"created":"2026-11-22T00:21:56Z","meta":{"product_type":"bio_glowup","source":"landing_page","campaign":"landing","ref":"ref_3c2b6998b5514b28b96e071c11a3738e"}}',1795306916000);
INSERT INTO "stripe_objects" VALUES('subscription','sub_e','usr_01a200a18b6d7f23ad8c1761a1657c89','evt_6e530cf8acd54be98eab13e81b241c1b',1795306925000,'{"id":"sub_e","customer":"cus_e","status":"active","items":[{"price":"price_1OPougJN5vQBdWEx6kfkXDIL","currency":"usd","amount":9700,"quantity":1}],"period_start":"2026-11-22T00:22:05Z","period_end":"2026-12-22T00:21:56Z","cancel_at":"2026-12-22T00:21:56Z","cancel_at_period_end":true,"created":"2026-11-22T00:22:05Z","cancel_reason":"cancellation_requested","latest_invoice":"in_e","meta":{"product_type":"sselfie_studio_membership","source":"landing_page","campaign":"landing","ref":"r_e"}}',1795306925000);
CREATE TABLE stripe_payments (
    id             TEXT PRIMARY KEY,
    user_id        TEXT NOT NULL REFERENCES users (id),
    product_id     TEXT NOT NULL,
    amount         INTEGER NOT NULL CHECK (amount >= 0),        -- what was paid, after discount, with tax
    subtotal       INTEGER NOT NULL CHECK (subtotal >= 0),
    discount       INTEGER NOT NULL DEFAULT 0 CHECK (discount >= 0),
    tax            INTEGER NOT NULL DEFAULT 0 CHECK (tax >= 0),
    refunded       INTEGER NOT NULL DEFAULT 0 CHECK (refunded >= 0),
    dispute        TEXT NOT NULL DEFAULT '' CHECK (dispute IN ('', 'warning', 'open', 'won', 'lost')),
    taken          INTEGER NOT NULL DEFAULT 0 CHECK (taken >= 0),      -- credits that are taken back or held at the moment
    shortfall      INTEGER NOT NULL DEFAULT 0 CHECK (shortfall >= 0),  -- of the grant, spent before it could be taken back
    takes          INTEGER NOT NULL DEFAULT 0 CHECK (takes >= 0),      -- how often they were taken or given back: part of the ledger's key
    currency       TEXT NOT NULL,
    matched_by     TEXT NOT NULL CHECK (matched_by IN ('checkout', 'metadata', 'customer', 'email', 'new', 'creator', 'import')),
    customer_id    TEXT,
    session_id     TEXT,
    payment_intent TEXT,
    charge_id      TEXT,
    invoice_id     TEXT,
    subscription_id TEXT,            -- Stripe's
    checkout_id    TEXT,
    source         TEXT NOT NULL DEFAULT '',
    campaign       TEXT NOT NULL DEFAULT '',
    link           TEXT NOT NULL DEFAULT '',
    email_log_id   TEXT,
    live           INTEGER NOT NULL CHECK (live IN (0, 1)),
    receipt_url    TEXT NOT NULL DEFAULT '',
    paid_at        INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    CHECK (session_id IS NOT NULL OR invoice_id IS NOT NULL)
) STRICT, WITHOUT ROWID;
INSERT INTO "stripe_payments" VALUES('pay_01a200a18ae4799ea5280c6a199e39ca','usr_01a200a18a3b78838ab5c97bf654b3dd','bio_glowup',4700,4700,0,0,0,'',0,0,0,'usd','checkout','cus_K1eNVzO6pXf4TU','cs_test_a1wPJOJDUeGMrSptkXpB5IQOjRvlQHr2ezJv2cCR17QHHv7gvjFX9wscviQ3','pi_3Usc2Jpdq3JOBaE7v4LMP4SKx',NULL,NULL,NULL,'chk_01a200a18ac375f0b63c6cd09c1af9d2','landing_page','spring','',NULL,0,'',1795306916000,1795306916580);
INSERT INTO "stripe_payments" VALUES('pay_01a200a18aeb7b57ba642a5ebb306a10','usr_01a200a18aeb79c1a4b85f610facf3ec','brand_blueprint_paid',6700,6700,0,0,1000,'open',60,0,1,'usd','new',NULL,'cs_test_069815a623db4e3786949984d86f7f70','pi_g','ch_g',NULL,NULL,NULL,'landing_page','landing','',NULL,0,'',1795306916000,1795306916587);
INSERT INTO "stripe_payments" VALUES('pay_01a200a18b1b723e81203f7e4bb0e00f','usr_01a200a18b1b705d9c932db8cfdae477','bio_glowup',4700,4700,0,0,4700,'',25,0,1,'usd','new',NULL,'cs_test_918edaadd54f4062a9b7c3d777d97617','pi_j','ch_j',NULL,NULL,NULL,'landing_page','landing','',NULL,0,'',1795306916000,1795306916635);
INSERT INTO "stripe_payments" VALUES('pay_01a200a18b6e79ad8c633581aa0b6e6d','usr_01a200a18b6d7f23ad8c1761a1657c89','sselfie_studio_membership',9700,9700,0,0,0,'',0,0,0,'usd','customer','cus_e',NULL,'pi_e','ch_e','in_e','sub_e',NULL,'landing_page','landing','',NULL,0,'https://invoice.stripe.com/i/acct_1OPouMJN5vQBdWEx/test_YWNjdF8xT1BvdU1KTjV2UUJkV0V4?s=ap',1795306916000,1795306916718);
CREATE TABLE stripe_prices (
    price_id   TEXT PRIMARY KEY,
    product_id TEXT NOT NULL,  -- of the catalogue
    lookup_key TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "stripe_prices" VALUES('price_162jebR5M3I2i5AVhx1Ak77C0','rebrand_reset','rebrand_reset_usd',1795306914899);
INSERT INTO "stripe_prices" VALUES('price_19PjUvmXTQ6B8h1O4FrM2252e','sselfie_studio_membership','studio_monthly_usd',1795306914930);
INSERT INTO "stripe_prices" VALUES('price_1JgJ94ynnn98fhVYwpx1t6vyi','bio_glowup','bio_glowup_usd',1795306914855);
INSERT INTO "stripe_prices" VALUES('price_1JiESJwq6bLRthvOVmFi1IP6q','brand_blueprint_paid','brand_blueprint_paid_usd',1795306914818);
INSERT INTO "stripe_prices" VALUES('price_1RuIT4UzldUFWx2FttFCpJyqz','credits_200','credits_200_usd',1795306914918);
INSERT INTO "stripe_prices" VALUES('price_1Uv0Td3Aua7LGT1YNCJg0Smdu','one_time_session','one_time_session_usd',1795306914787);
INSERT INTO "stripe_prices" VALUES('price_1X5wfAka5pbk5uQKe8jLC4Y6x','credits_100','credits_100_usd',1795306914906);
INSERT INTO "stripe_prices" VALUES('price_1bDJy5yLW2nKCLYu4tESvONw1','nine_post_feed','nine_post_feed_usd',1795306914882);
CREATE TABLE subscriptions (
    id                     TEXT PRIMARY KEY,
    user_id                TEXT NOT NULL REFERENCES users (id),
    product_type           TEXT NOT NULL CHECK (product_type IN ('sselfie_studio_membership', 'paid_blueprint')),
    status                 TEXT NOT NULL CHECK (status IN ('incomplete', 'trialing', 'active', 'past_due', 'unpaid', 'paused', 'canceled', 'incomplete_expired', 'suspended')),
    live                   INTEGER NOT NULL CHECK (live IN (0, 1)),  -- 1: the row that counts for this user and product type
    current_period_start   INTEGER,
    current_period_end     INTEGER,
    cancel_at              INTEGER,
    cancel_at_period_end   INTEGER NOT NULL DEFAULT 0 CHECK (cancel_at_period_end IN (0, 1)),
    past_due_since         INTEGER,
    ended_at               INTEGER,
    stripe_subscription_id TEXT,
    source_payment_id      TEXT,
    created_at             INTEGER NOT NULL,
    updated_at             INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "subscriptions" VALUES('sub_01a200a18aec753cb0a2e7aea3d5fa7f','usr_01a200a18aeb79c1a4b85f610facf3ec','paid_blueprint','suspended',1,NULL,NULL,NULL,0,NULL,NULL,NULL,'pay_01a200a18aeb7b57ba642a5ebb306a10',1795306916000,1795306916000);
INSERT INTO "subscriptions" VALUES('sub_01a200a18b6f78149c4733208a29f52d','usr_01a200a18b6d7f23ad8c1761a1657c89','sselfie_studio_membership','active',1,1795306925000,1797898916000,1797898916000,1,NULL,NULL,'sub_e',NULL,1795306925000,1795306925000);
CREATE TABLE support_tickets (
    id         TEXT PRIMARY KEY,
    kind       TEXT NOT NULL CHECK (kind IN ('note', 'withdrawal')),
    state      TEXT NOT NULL CHECK (state IN ('open', 'closed')),
    user_id    TEXT REFERENCES users (id),  -- who was signed in; a visitor has none
    email      TEXT NOT NULL,
    email_key  TEXT NOT NULL,
    name       TEXT NOT NULL DEFAULT '',
    product_id TEXT NOT NULL DEFAULT '',    -- as chosen in the form; products come and go
    contract   TEXT NOT NULL DEFAULT '',    -- what a withdrawal names
    message    TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    closed_at  INTEGER
) STRICT, WITHOUT ROWID;
INSERT INTO "support_tickets" VALUES('tkt_01a200a18bbe76a1bd9d5dfcb6fe9f1b','note','open',NULL,'ada@example.com','ada@example.com','Ada','bio_glowup','','Hello',1795306916798,NULL);
CREATE TABLE tags (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "tags" VALUES('tag_beta','beta',1795000000000);
CREATE TABLE training_runs (
    id              TEXT PRIMARY KEY,
    user_id         TEXT NOT NULL REFERENCES users (id),
    training_status TEXT NOT NULL CHECK (training_status IN ('pending', 'training', 'completed', 'failed')),
    progress        INTEGER NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
    created_at      INTEGER NOT NULL,
    completed_at    INTEGER
) STRICT, WITHOUT ROWID;
INSERT INTO "training_runs" VALUES('trn_1','usr_01a200a18a3b78838ab5c97bf654b3dd','completed',100,1795000000000,1795000000001);
CREATE TABLE user_credits (
    user_id         TEXT PRIMARY KEY REFERENCES users (id),
    balance         INTEGER NOT NULL CHECK (balance >= 0),
    total_purchased INTEGER NOT NULL CHECK (total_purchased >= 0),
    total_used      INTEGER NOT NULL CHECK (total_used >= 0),
    updated_at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "user_credits" VALUES('usr_01a200a18a3b78838ab5c97bf654b3dd',32,32,0,1795306917029);
INSERT INTO "user_credits" VALUES('usr_01a200a18aeb79c1a4b85f610facf3ec',0,0,0,1795306916000);
INSERT INTO "user_credits" VALUES('usr_01a200a18b1b705d9c932db8cfdae477',0,0,0,1795306916000);
INSERT INTO "user_credits" VALUES('usr_01a200a18b6d7f23ad8c1761a1657c89',200,200,0,1795306916000);
CREATE TABLE user_personal_brand (
    user_id              TEXT PRIMARY KEY REFERENCES users (id),
    name                 TEXT NOT NULL DEFAULT '',
    business_type        TEXT NOT NULL DEFAULT '',
    color_theme          TEXT NOT NULL DEFAULT '',
    visual_aesthetic     TEXT NOT NULL DEFAULT '',
    current_situation    TEXT NOT NULL DEFAULT '',
    transformation_story TEXT NOT NULL DEFAULT '',
    future_vision        TEXT NOT NULL DEFAULT '',
    ideal_audience       TEXT NOT NULL DEFAULT '',
    communication_voice  TEXT NOT NULL DEFAULT '',
    photo_goals          TEXT NOT NULL DEFAULT '',
    content_pillars      TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(content_pillars)),
    brand_inspiration    TEXT NOT NULL DEFAULT '',
    updated_at           INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "user_personal_brand" VALUES('usr_01a200a18a3b78838ab5c97bf654b3dd','Ada','Coach','warm-neutrals','editorial','growing','','','','','','[]','',1795306916532);
CREATE TABLE user_tags (
    tag_id   TEXT NOT NULL REFERENCES tags (id),
    user_id  TEXT NOT NULL REFERENCES users (id),
    added_at INTEGER NOT NULL,
    PRIMARY KEY (tag_id, user_id)
) STRICT, WITHOUT ROWID;
INSERT INTO "user_tags" VALUES('tag_beta','usr_01a200a18a3b78838ab5c97bf654b3dd',1795000000000);
CREATE TABLE users (
    id                          TEXT PRIMARY KEY,
    email                       TEXT NOT NULL DEFAULT '',
    email_key                   TEXT,          -- NULL once the address was lost or the account deleted
    email_verified_at           INTEGER,
    address_lost_at             INTEGER,       -- the address went to its proven owner's purchase; shown on the next visit
    name                        TEXT NOT NULL DEFAULT '',
    password_hash               TEXT NOT NULL DEFAULT '',  -- '' until a password is set, and after a revocation
    password_set_at             INTEGER,
    is_admin                    INTEGER NOT NULL DEFAULT 0 CHECK (is_admin IN (0, 1)),
    origin                      TEXT NOT NULL DEFAULT 'sign_up' CHECK (origin IN ('sign_up', 'purchase', 'admin', 'import', 'sample')),
    onboarding_completed        INTEGER NOT NULL DEFAULT 0 CHECK (onboarding_completed IN (0, 1)),
    base_done_at                INTEGER,
    blueprint_extension_done_at INTEGER,
    studio_extension_done_at    INTEGER,
    blueprint_welcome_shown_at  INTEGER,
    paid_welcome_shown_at       INTEGER,
    onboarding_dismissed_at     INTEGER,
    last_login_at               INTEGER,
    last_seen_at                INTEGER,
    unsubscribed_at             INTEGER,
    created_at                  INTEGER NOT NULL,
    deleted_at                  INTEGER,
    CHECK (deleted_at IS NULL OR email_key IS NULL)
) STRICT;
INSERT INTO "users" VALUES('usr_01a200a184257b3bae8b208d06b55f20','admin@example.com','admin@example.com',1795306914721,NULL,'','$argon2id$v=19$m=19456,t=2,p=1$tN0bwoNo2v1+vmLZ4fvxxg$pcgaNamgPrC7SmxQp3gScMXesRcwAF2ZtSsPFhSykLk',1795306914721,1,'admin',0,NULL,NULL,NULL,NULL,NULL,NULL,1795306917011,NULL,NULL,1795306914721,NULL);
INSERT INTO "users" VALUES('usr_01a200a18a3b78838ab5c97bf654b3dd','ada@example.com','ada@example.com',1795306916512,NULL,'Ada','$argon2id$v=19$m=19456,t=2,p=1$7uvJ+ei2NwLyAKmP1cyQrA$e46JjRx5dAahbpxAW50du3FTv1YRYPNaQB5X1WaUWNI',1795306916411,0,'sign_up',0,1795306916532,1795306916537,NULL,1795306916540,NULL,NULL,1795306916411,NULL,NULL,1795306916411,NULL);
INSERT INTO "users" VALUES('usr_01a200a18aeb79c1a4b85f610facf3ec','grace@example.com','grace@example.com',NULL,NULL,'Jenny Rosen','',NULL,0,'purchase',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795306916587,NULL);
INSERT INTO "users" VALUES('usr_01a200a18b1b705d9c932db8cfdae477','joan@example.com','joan@example.com',NULL,NULL,'Jenny Rosen','',NULL,0,'purchase',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795306916635,NULL);
INSERT INTO "users" VALUES('usr_01a200a18b6d7f23ad8c1761a1657c89','edith@example.com','edith@example.com',NULL,NULL,'Jenny Rosen','',NULL,0,'purchase',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795306916717,NULL);
CREATE TABLE webhook_events (
    id          TEXT PRIMARY KEY,
    type        TEXT NOT NULL,
    outcome     TEXT NOT NULL CHECK (outcome IN ('applied', 'ignored', 'parked', 'failed')),
    reason      TEXT NOT NULL DEFAULT '',  -- of ignored and parked, in words for the creator
    error       TEXT NOT NULL DEFAULT '',
    attempts    INTEGER NOT NULL DEFAULT 1,
    payload     TEXT NOT NULL,
    created_at  INTEGER NOT NULL,          -- Stripe's
    received_at INTEGER NOT NULL,
    applied_at  INTEGER
) STRICT, WITHOUT ROWID;
INSERT INTO "webhook_events" VALUES('evt_033542add5634b0eb85f59cd6952a4be','invoice.payment_succeeded','applied','','',2,'{"id":"evt_033542add5634b0eb85f59cd6952a4be","object":"event","api_version":"2023-10-16","created":1795306916,"data":{"object":{"id":"in_e","object":"invoice","account_country":"US","account_name":"Demo Studio","account_tax_ids":null,"amount_due":9700,"amount_paid":9700,"amount_remaining":0,"amount_shipping":0,"application":null,"application_fee_amount":null,"attempt_count":1,"attempted":true,"auto_advance":false,"automatic_tax":{"enabled":false,"liability":null,"status":null},"billing_reason":"subscription_create","charge":"ch_e","collection_method":"charge_automatically","created":1795306916,"currency":"usd","custom_fields":null,"customer":"cus_e","customer_address":{"city":null,"country":"US","line1":null,"line2":null,"postal_code":"94107","state":null},"customer_email":"edith@example.com","customer_name":"Jenny Rosen","customer_phone":null,"customer_shipping":null,"customer_tax_exempt":"none","customer_tax_ids":[],"default_payment_method":null,"default_source":null,"default_tax_rates":[],"description":null,"discount":null,"discounts":[],"due_date":null,"effective_at":1795306916,"ending_balance":0,"footer":null,"from_invoice":null,"hosted_invoice_url":"https://invoice.stripe.com/i/acct_1OPouMJN5vQBdWEx/test_YWNjdF8xT1BvdU1KTjV2UUJkV0V4?s=ap","invoice_pdf":"https://pay.stripe.com/invoice/acct_1OPouMJN5vQBdWEx/test_YWNjdF8xT1BvdU1KTjV2UUJkV0V4/pdf?s=ap","issuer":{"type":"self"},"last_finalization_error":null,"latest_revision":null,"lines":{"object":"list","data":[{"id":"il_2aae4bce36b74c86ac401675dd3e3db7","object":"line_item","amount":9700,"amount_excluding_tax":9700,"currency":"usd","description":"1 \u00d7 Studio membership (at $97.00 / month)","discount_amounts":[],"discountable":true,"discounts":[],"invoice":"in_e","livemode":false,"metadata":{"product_type":"sselfie_studio_membership","campaign":"landing","source":"landing_page","ref":"r_e"},"period":{"end":1797898916,"start":1795306916},"plan":{"id":"price_1OPougJN5vQBdWEx6kfkXDIL","object":"plan","active":true,"aggregate_usage":null,"amount":9700,"amount_decimal":"9700","billing_scheme":"per_unit","created":1703175358,"currency":"usd","interval":"month","interval_count":1,"livemode":false,"metadata":{},"meter":null,"nickname":null,"product":"prod_PEHTfnvdJH6K0k","tiers_mode":null,"transform_usage":null,"trial_period_days":null,"usage_type":"licensed"},"price":{"id":"price_1OPougJN5vQBdWEx6kfkXDIL","object":"price","active":true,"billing_scheme":"per_unit","created":1703175358,"currency":"usd","custom_unit_amount":null,"livemode":false,"lookup_key":"studio_monthly_usd","metadata":{},"nickname":null,"product":"prod_PEHTfnvdJH6K0k","recurring":{"aggregate_usage":null,"interval":"month","interval_count":1,"meter":null,"trial_period_days":null,"usage_type":"licensed"},"tax_behavior":"unspecified","tiers_mode":null,"transform_quantity":null,"type":"recurring","unit_amount":9700,"unit_amount_decimal":"9700"},"proration":false,"proration_details":{"credited_items":null},"quantity":1,"subscription":"sub_e","subscription_item":"si_1f8cbdb125a84be7bd20cde11832584f","tax_amounts":[],"tax_rates":[],"type":"subscription","unit_amount_excluding_tax":"9700"}],"has_more":false,"total_count":1,"url":"/v1/invoices/in_e/lines"},"livemode":false,"metadata":{},"next_payment_attempt":null,"number":"N-1","on_behalf_of":null,"paid":true,"paid_out_of_band":false,"payment_intent":"pi_e","payment_settings":{"default_mandate":null,"payment_method_options":{"acss_debit":null,"bancontact":null,"card":{"request_three_d_secure":"automatic"},"customer_balance":null,"konbini":null,"sepa_debit":null,"us_bank_account":null},"payment_method_types":["card"]},"period_end":1795306916,"period_start":1795306916,"post_payment_credit_notes_amount":0,"pre_payment_credit_notes_amount":0,"quote":null,"receipt_number":null,"rendering":null,"shipping_cost":null,"shipping_details":null,"starting_balance":0,"statement_descriptor":null,"status":"paid","status_transitions":{"finalized_at":1795306916,"marked_uncollectible_at":null,"paid_at":1795306916,"voided_at":null},"subscription":"sub_e","subscription_details":{"metadata":{"product_type":"sselfie_studio_membership","campaign":"landing","source":"landing_page","ref":"r_e"}},"subtotal":9700,"subtotal_excluding_tax":9700,"tax":null,"test_clock":null,"total":9700,"total_discount_amounts":[],"total_excluding_tax":9700,"total_tax_amounts":[],"transfer_data":null,"webhooks_delivered_at":1795306916}},"livemode":false,"pending_webhooks":1,"request":{"id":null,"idempotency_key":null},"type":"invoice.payment_succeeded"}',1795306916000,1795306916709,1795306916718);
INSERT INTO "webhook_events" VALUES('evt_07f874ce5bf640e99f7f2206b094e213','charge.refunded','applied','','',1,'{"id":"evt_07f874ce5bf640e99f7f2206b094e213","object":"event","api_version":"2023-10-16","created":1795306916,"data":{"object":{"id":"ch_j","object":"charge","amount":4700,"amount_captured":4700,"amount_refunded":4700,"application":null,"application_fee":null,"application_fee_amount":null,"balance_transaction":"txn_1OPoueJN5vQBdWEx8dhHMVqh","billing_details":{"address":{"city":null,"country":"US","line1":null,"line2":null,"postal_code":"94107","state":null},"email":"x@example.com","name":"Jenny Rosen","phone":null},"calculated_statement_descriptor":"DEMO STUDIO","captured":true,"created":1795306916,"currency":"usd","customer":"cus_e85a3ff744d7","description":null,"disputed":false,"failure_balance_transaction":null,"failure_code":null,"failure_message":null,"fraud_details":{},"invoice":null,"livemode":false,"metadata":{"product_type":"bio_glowup","campaign":"landing","source":"landing_page","ref":"ref_3c2b6998b5514b28b96e071c11a3738e"},"on_behalf_of":null,"outcome":{"network_status":"approved_by_network","reason":null,"risk_level":"normal","risk_score":12,"seller_message":"Payment complete.","type":"authorized"},"paid":true,"payment_intent":"pi_j","payment_method":"pm_1OPouQJN5vQBdWExw8mVqk5T","payment_method_details":{"card":{"amount_authorized":4700,"brand":"visa","checks":{"address_line1_check":null,"address_postal_code_check":"pass","cvc_check":"pass"},"country":"US","exp_month":8,"exp_year":2030,"extended_authorization":{"status":"disabled"},"fingerprint":"r40d4vOgg3VecDJF","funding":"credit","incremental_authorization":{"status":"unavailable"},"installments":null,"last4":"4242","mandate":null,"multicapture":{"status":"unavailable"},"network":"visa","network_token":{"used":false},"overcapture":{"maximum_amount_capturable":4700,"status":"unavailable"},"three_d_secure":null,"wallet":null},"type":"card"},"receipt_email":"x@example.com","receipt_number":null,"receipt_url":"https://pay.stripe.com/receipts/payment/CAcaFwoVYWNjdF8x","refunded":true,"review":null,"shipping":null,"source_transfer":null,"statement_descriptor":null,"statement_descriptor_suffix":null,"status":"succeeded","transfer_data":null,"transfer_group":null},"previous_attributes":{"amount_refunded":0,"refunded":false}},"livemode":false,"pending_webhooks":1,"request":{"id":null,"idempotency_key":null},"type":"charge.refunded"}',1795306916000,1795306916665,1795306916665);
INSERT INTO "webhook_events" VALUES('evt_132e340ce05946ce9792049e8d0f173e','checkout.session.completed','ignored','the checkout names none of our products','',1,'{"id":"evt_132e340ce05946ce9792049e8d0f173e","object":"event","api_version":"2023-10-16","created":1795306916,"data":{"object":{"id":"cs_test_7730e0c799a245a7a05e226b458e6a1b","object":"checkout.session","adaptive_pricing":{"enabled":true},"after_expiration":null,"allow_promotion_codes":true,"amount_subtotal":4700,"amount_total":4700,"automatic_tax":{"enabled":false,"liability":null,"status":null},"billing_address_collection":null,"cancel_url":null,"client_reference_id":"ref_a421fc5f6a5743c7b71336799d031bf2","client_secret":null,"collected_information":{"shipping_details":null},"consent":null,"consent_collection":null,"created":1795306916,"currency":"usd","currency_conversion":null,"custom_fields":[],"custom_text":{"after_submit":null,"shipping_address":null,"submit":null,"terms_of_service_acceptance":null},"customer":null,"customer_creation":"if_required","customer_details":{"address":{"city":null,"country":"US","line1":null,"line2":null,"postal_code":"94107","state":null},"email":"x@example.com","name":"Jenny Rosen","phone":null,"tax_exempt":"none","tax_ids":[]},"customer_email":null,"discounts":[],"expires_at":1797898916,"invoice":null,"invoice_creation":{"enabled":false,"invoice_data":{"account_tax_ids":null,"custom_fields":null,"description":null,"footer":null,"issuer":null,"metadata":{},"rendering_options":null}},"livemode":false,"locale":null,"metadata":{"product_type":"yoga","campaign":"landing","source":"landing_page","ref":"ref_a421fc5f6a5743c7b71336799d031bf2"},"mode":"payment","payment_intent":"pi_050a1df5e4364a8799308483e6c5cb12","payment_link":null,"payment_method_collection":"if_required","payment_method_configuration_details":{"id":"pmc_1OPouMJN5vQBdWExQx1Zb7Ua","parent":null},"payment_method_options":{"card":{"request_three_d_secure":"automatic"}},"payment_method_types":["card","link"],"payment_status":"paid","permissions":null,"phone_number_collection":{"enabled":false},"recovered_from":null,"redirect_on_completion":"always","return_url":"https://example.com/checkout/return?session_id={CHECKOUT_SESSION_ID}","saved_payment_method_options":{"allow_redisplay_filters":["always"],"payment_method_remove":null,"payment_method_save":null},"setup_intent":null,"shipping_address_collection":null,"shipping_cost":null,"shipping_details":null,"shipping_options":[],"status":"complete","submit_type":null,"subscription":null,"success_url":null,"total_details":{"amount_discount":0,"amount_shipping":0,"amount_tax":0},"ui_mode":"embedded","url":null,"wallet_options":null}},"livemode":false,"pending_webhooks":1,"request":{"id":null,"idempotency_key":null},"type":"checkout.session.completed"}',1795306916000,1795306916789,NULL);
INSERT INTO "webhook_events" VALUES('evt_1492FeLCL3BxCxSUd5Y9TdWRE','charge.succeeded','ignored','nothing here depends on charge.succeeded','',1,'{"id":"evt_1492FeLCL3BxCxSUd5Y9TdWRE","object":"event","api_version":"2023-10-16","created":1795306916,"data":{"object":{"id":"ch_3bjRDWjSyKOHiggRQlPrNdWJV","object":"charge","amount":4700,"amount_captured":4700,"amount_refunded":0,"application":null,"application_fee":null,"application_fee_amount":null,"balance_transaction":"txn_32GyKOCyqAd6Wzns2x1uAJgY","billing_details":{"address":{"city":null,"country":"US","line1":null,"line2":null,"postal_code":"94107","state":null},"email":"ada@example.com","name":"Ada","phone":null},"calculated_statement_descriptor":"DEMO STUDIO","captured":true,"created":1795306916,"currency":"usd","customer":"cus_K1eNVzO6pXf4TU","description":null,"disputed":false,"failure_balance_transaction":null,"failure_code":null,"failure_message":null,"fraud_details":{},"invoice":null,"livemode":false,"metadata":{"campaign":"spring","product_type":"bio_glowup","ref":"chk_01a200a18ac375f0b63c6cd09c1af9d2","source":"landing_page","user_id":"usr_01a200a18a3b78838ab5c97bf654b3dd"},"on_behalf_of":null,"outcome":{"network_status":"approved_by_network","reason":null,"risk_level":"normal","risk_score":12,"seller_message":"Payment complete.","type":"authorized"},"paid":true,"payment_intent":"pi_3Usc2Jpdq3JOBaE7v4LMP4SKx","payment_method":"pm_1SDGKpbBqbl1P3Cyaqko2G3Yv","payment_method_details":{"card":{"amount_authorized":4700,"brand":"visa","checks":{"address_line1_check":null,"address_postal_code_check":"pass","cvc_check":"pass"},"country":"US","exp_month":12,"exp_year":2030,"extended_authorization":{"status":"disabled"},"fingerprint":"gw4242","funding":"credit","incremental_authorization":{"status":"unavailable"},"installments":null,"last4":"4242","mandate":null,"multicapture":{"status":"unavailable"},"network":"visa","network_token":{"used":false},"overcapture":{"maximum_amount_capturable":4700,"status":"unavailable"},"three_d_secure":null,"wallet":null},"type":"card"},"receipt_email":"ada@example.com","receipt_number":null,"receipt_url":"http://127.0.0.1:8102/gateway/receipts/ch_3bjRDWjSyKOHiggRQlPrNdWJV","refunded":false,"review":null,"shipping":null,"source_transfer":null,"statement_descriptor":null,"statement_descriptor_suffix":null,"status":"succeeded","transfer_data":null,"transfer_group":null}},"livemode":false,"pending_webhooks":1,"request":{"id":null,"idempotency_key":null},"type":"charge.succeeded"}',1795306916000,1795306916572,NULL);
INSERT INTO "webhook_events" VALUES('evt_16V6R5fNbJZOfimpFiB2fH6jV','customer.created','ignored','nothing here depends on customer.created','',1,'{"id":"evt_16V6R5fNbJZOfimpFiB2fH6jV","object":"event","api_version":"2023-10-16","created":1795306916,"data":{"object":{"id":"cus_K1eNVzO6pXf4TU","object":"customer","address":{"city":null,"country":"US","line1":null,"line2":null,"postal_code":"94107","state":null},"balance":0,"created":1795306916,"currency":null,"default_source":null,"delinquent":false,"description":null,"discount":null,"email":"ada@example.com","invoice_prefix":"V4LBZOBO","invoice_settings":{"custom_fields":null,"default_payment_method":null,"footer":null,"rendering_options":null},"livemode":false,"metadata":{},"name":"Ada","next_invoice_sequence":1,"phone":null,"preferred_locales":[],"shipping":null,"tax_exempt":"none","test_clock":null}},"livemode":false,"pending_webhooks":1,"request":{"id":null,"idempotency_key":null},"type":"customer.created"}',1795306916000,1795306916563,NULL);
INSERT INTO "webhook_events" VALUES('evt_1Qj5VkFbmVhoCG43UsaOKdKyJ','payment_intent.created','ignored','nothing here depends on payment_intent.created','',1,'{"id":"evt_1Qj5VkFbmVhoCG43UsaOKdKyJ","object":"event","api_version":"2023-10-16","created":1795306916,"data":{"object":{"id":"pi_3Usc2Jpdq3JOBaE7v4LMP4SKx","object":"payment_intent","amount":4700,"amount_capturable":0,"amount_details":{"tip":{}},"amount_received":0,"application":null,"application_fee_amount":null,"automatic_payment_methods":null,"canceled_at":null,"cancellation_reason":null,"capture_method":"automatic","client_secret":"pi_3Usc2Jpdq3JOBaE7v4LMP4SKx_secret_DeeE1IlzLYDdjjcZjwz5fMrqS","confirmation_method":"automatic","created":1795306916,"currency":"usd","customer":"cus_K1eNVzO6pXf4TU","description":null,"invoice":null,"last_payment_error":null,"latest_charge":null,"livemode":false,"metadata":{"campaign":"spring","product_type":"bio_glowup","ref":"chk_01a200a18ac375f0b63c6cd09c1af9d2","source":"landing_page","user_id":"usr_01a200a18a3b78838ab5c97bf654b3dd"},"next_action":null,"on_behalf_of":null,"payment_method":null,"payment_method_configuration_details":null,"payment_method_options":{"card":{"installments":null,"mandate_options":null,"network":null,"request_three_d_secure":"automatic"}},"payment_method_types":["card","link"],"processing":null,"receipt_email":"ada@example.com","review":null,"setup_future_usage":null,"shipping":null,"source":null,"statement_descriptor":null,"statement_descriptor_suffix":null,"status":"requires_payment_method","transfer_data":null,"transfer_group":null}},"livemode":false,"pending_webhooks":1,"request":{"id":null,"idempotency_key":null},"type":"payment_intent.created"}',1795306916000,1795306916567,NULL);
INSERT INTO "webhook_events" VALUES('evt_1exzMIZN0Og2sVgc2u1g4dYcQ','payment_intent.succeeded','ignored','nothing here depends on payment_intent.succeeded','',1,'{"id":"evt_1exzMIZN0Og2sVgc2u1g4dYcQ","object":"event","api_version":"2023-10-16","created":1795306916,"data":{"object":{"id":"pi_3Usc2Jpdq3JOBaE7v4LMP4SKx","object":"payment_intent","amount":4700,"amount_capturable":0,"amount_details":{"tip":{}},"amount_received":4700,"application":null,"application_fee_amount":null,"automatic_payment_methods":null,"canceled_at":null,"cancellation_reason":null,"capture_method":"automatic","client_secret":"pi_3Usc2Jpdq3JOBaE7v4LMP4SKx_secret_DeeE1IlzLYDdjjcZjwz5fMrqS","confirmation_method":"automatic","created":1795306916,"currency":"usd","customer":"cus_K1eNVzO6pXf4TU","description":null,"invoice":null,"last_payment_error":null,"latest_charge":"ch_3bjRDWjSyKOHiggRQlPrNdWJV","livemode":false,"metadata":{"campaign":"spring","product_type":"bio_glowup","ref":"chk_01a200a18ac375f0b63c6cd09c1af9d2","source":"landing_page","user_id":"usr_01a200a18a3b78838ab5c97bf654b3dd"},"next_action":null,"on_behalf_of":null,"payment_method":"pm_1SDGKpbBqbl1P3Cyaqko2G3Yv","payment_method_configuration_details":null,"payment_method_options":{"card":{"installments":null,"mandate_options":null,"network":null,"request_three_d_secure":"automatic"}},"payment_method_types":["card","link"],"processing":null,"receipt_email":"ada@example.com","review":null,"setup_future_usage":null,"shipping":null,"source":null,"statement_descriptor":null,"statement_descriptor_suffix":null,"status":"succeeded","transfer_data":null,"transfer_group":null}},"livemode":false,"pending_webhooks":1,"request":{"id":null,"idempotency_key":null},"type":"payment_intent.succeeded"}',1795306916000,1795306916570,NULL);
INSERT INTO "webhook_events" VALUES('evt_1gpil6gnWvei1Kc75rUWDtK9A','checkout.session.completed','applied','','',1,'{"id":"evt_1gpil6gnWvei1Kc75rUWDtK9A","object":"event","api_version":"2023-10-16","created":1795306916,"data":{"object":{"id":"cs_test_a1wPJOJDUeGMrSptkXpB5IQOjRvlQHr2ezJv2cCR17QHHv7gvjFX9wscviQ3","object":"checkout.session","adaptive_pricing":{"enabled":true},"after_expiration":null,"allow_promotion_codes":true,"amount_subtotal":4700,"amount_total":4700,"automatic_tax":{"enabled":false,"liability":null,"status":null},"billing_address_collection":null,"cancel_url":null,"client_reference_id":"chk_01a200a18ac375f0b63c6cd09c1af9d2","client_secret":null,"collected_information":{"shipping_details":null},"consent":null,"consent_collection":null,"created":1795306916,"currency":"usd","currency_conversion":null,"custom_fields":[],"custom_text":{"after_submit":null,"shipping_address":null,"submit":null,"terms_of_service_acceptance":null},"customer":"cus_K1eNVzO6pXf4TU","customer_creation":"always","customer_details":{"address":{"city":null,"country":"US","line1":null,"line2":null,"postal_code":"94107","state":null},"email":"ada@example.com","name":"Ada","phone":null,"tax_exempt":"none","tax_ids":[]},"customer_email":"ada@example.com","discounts":[],"expires_at":1795393316,"invoice":null,"invoice_creation":{"enabled":false,"invoice_data":{"account_tax_ids":null,"custom_fields":null,"description":null,"footer":null,"issuer":null,"metadata":{},"rendering_options":null}},"livemode":false,"locale":null,"metadata":{"campaign":"spring","product_type":"bio_glowup","ref":"chk_01a200a18ac375f0b63c6cd09c1af9d2","source":"landing_page","user_id":"usr_01a200a18a3b78838ab5c97bf654b3dd"},"mode":"payment","payment_intent":"pi_3Usc2Jpdq3JOBaE7v4LMP4SKx","payment_link":null,"payment_method_collection":"if_required","payment_method_configuration_details":{"id":"pmc_1LocalGatewayDefault","parent":null},"payment_method_options":{"card":{"request_three_d_secure":"automatic"}},"payment_method_types":["card","link"],"payment_status":"paid","permissions":null,"phone_number_collection":{"enabled":false},"recovered_from":null,"redirect_on_completion":"always","return_url":"http://127.0.0.1:8102/checkout/success?session_id={CHECKOUT_SESSION_ID}","saved_payment_method_options":{"allow_redisplay_filters":["always"],"payment_method_remove":null,"payment_method_save":null},"setup_intent":null,"shipping_address_collection":null,"shipping_cost":null,"shipping_details":null,"shipping_options":[],"status":"complete","submit_type":null,"subscription":null,"success_url":null,"total_details":{"amount_discount":0,"amount_shipping":0,"amount_tax":0},"ui_mode":"embedded","url":null,"wallet_options":null}},"livemode":false,"pending_webhooks":1,"request":{"id":null,"idempotency_key":null},"type":"checkout.session.completed"}',1795306916000,1795306916576,1795306916576);
INSERT INTO "webhook_events" VALUES('evt_1uayKN5AXEQlaWzSf4pJdQ5iV','checkout.session.expired','applied','','',1,'{"id":"evt_1uayKN5AXEQlaWzSf4pJdQ5iV","object":"event","api_version":"2023-10-16","created":1795393316,"data":{"object":{"id":"cs_test_a12DqLsry9aUt7n3u7vUQDtClAxoa4sm0RvkGnPaxgtY6ui4TVeB4p4D322A","object":"checkout.session","adaptive_pricing":{"enabled":true},"after_expiration":null,"allow_promotion_codes":true,"amount_subtotal":9700,"amount_total":9700,"automatic_tax":{"enabled":false,"liability":null,"status":null},"billing_address_collection":null,"cancel_url":null,"client_reference_id":"chk_01a200a18ad67ae4bf50f85489e225c1","client_secret":null,"collected_information":{"shipping_details":null},"consent":null,"consent_collection":null,"created":1795306916,"currency":"usd","currency_conversion":null,"custom_fields":[],"custom_text":{"after_submit":null,"shipping_address":null,"submit":null,"terms_of_service_acceptance":null},"customer":null,"customer_creation":"always","customer_details":{"address":null,"email":"ada@example.com","name":null,"phone":null,"tax_exempt":"none","tax_ids":null},"customer_email":"ada@example.com","discounts":[],"expires_at":1795393316,"invoice":null,"invoice_creation":{"enabled":false,"invoice_data":{"account_tax_ids":null,"custom_fields":null,"description":null,"footer":null,"issuer":null,"metadata":{},"rendering_options":null}},"livemode":false,"locale":null,"metadata":{"product_type":"rebrand_reset","ref":"chk_01a200a18ad67ae4bf50f85489e225c1","user_id":"usr_01a200a18a3b78838ab5c97bf654b3dd"},"mode":"payment","payment_intent":null,"payment_link":null,"payment_method_collection":"if_required","payment_method_configuration_details":{"id":"pmc_1LocalGatewayDefault","parent":null},"payment_method_options":{"card":{"request_three_d_secure":"automatic"}},"payment_method_types":["card","link"],"payment_status":"unpaid","permissions":null,"phone_number_collection":{"enabled":false},"recovered_from":null,"redirect_on_completion":"always","return_url":"http://127.0.0.1:8102/checkout/success?session_id={CHECKOUT_SESSION_ID}","saved_payment_method_options":{"allow_redisplay_filters":["always"],"payment_method_remove":null,"payment_method_save":null},"setup_intent":null,"shipping_address_collection":null,"shipping_cost":null,"shipping_details":null,"shipping_options":[],"status":"expired","submit_type":null,"subscription":null,"success_url":null,"total_details":{"amount_discount":0,"amount_shipping":0,"amount_tax":0},"ui_mode":"embedded","url":null,"wallet_options":null}},"livemode":false,"pending_webhooks":1,"request":{"id":null,"idempotency_key":null},"type":"checkout.session.expired"}',1795393316000,1795393316004,1795393316004);
INSERT INTO "webhook_events" VALUES('evt_3b54772d17a246d780ca5933c9292353','customer.subscription.updated','applied','','',2,'{"id":"evt_3b54772d17a246d780ca5933c9292353","object":"event","api_version":"2023-10-16","created":1795306916,"data":{"object":{"id":"sub_e","object":"subscription","application":null,"application_fee_percent":null,"automatic_tax":{"disabled_reason":null,"enabled":false,"liability":null},"billing_cycle_anchor":1795306916,"billing_cycle_anchor_config":null,"billing_mode":{"flexible":null,"type":"classic"},"billing_thresholds":null,"cancel_at":null,"cancel_at_period_end":false,"canceled_at":null,"cancellation_details":{"comment":null,"feedback":null,"reason":null},"collection_method":"charge_automatically","created":1795306916,"currency":"usd","current_period_end":1797898916,"current_period_start":1795306916,"customer":"cus_e","customer_account":null,"days_until_due":null,"default_payment_method":"pm_1OPouQJN5vQBdWExw8mVqk5T","default_source":null,"default_tax_rates":[],"description":null,"discount":null,"discounts":[],"ended_at":null,"invoice_settings":{"account_tax_ids":null,"issuer":{"type":"self"}},"items":{"object":"list","data":[{"id":"si_68f37371e8de421c8527ad98ecedc883","object":"subscription_item","billing_thresholds":null,"created":1795306916,"current_period_end":1797898916,"current_period_start":1795306916,"discounts":[],"metadata":{},"plan":{"id":"price_1OPougJN5vQBdWEx6kfkXDIL","object":"plan","active":true,"aggregate_usage":null,"amount":9700,"amount_decimal":"9700","billing_scheme":"per_unit","created":1703175358,"currency":"usd","interval":"month","interval_count":1,"livemode":false,"metadata":{},"meter":null,"nickname":null,"product":"prod_PEHTfnvdJH6K0k","tiers_mode":null,"transform_usage":null,"trial_period_days":null,"usage_type":"licensed"},"price":{"id":"price_1OPougJN5vQBdWEx6kfkXDIL","object":"price","active":true,"billing_scheme":"per_unit","created":1703175358,"currency":"usd","custom_unit_amount":null,"livemode":false,"lookup_key":"studio_monthly_usd","metadata":{},"nickname":null,"product":"prod_PEHTfnvdJH6K0k","recurring":{"aggregate_usage":null,"interval":"month","interval_count":1,"meter":null,"trial_period_days":null,"usage_type":"licensed"},"tax_behavior":"unspecified","tiers_mode":null,"transform_quantity":null,"type":"recurring","unit_amount":9700,"unit_amount_decimal":"9700"},"quantity":1,"subscription":"sub_e","tax_rates":[]}],"has_more":false,"total_count":1,"url":"/v1/subscription_items?subscription=sub_e"},"latest_invoice":"in_e","livemode":false,"metadata":{"product_type":"sselfie_studio_membership","campaign":"landing","source":"landing_page","ref":"r_e"},"next_pending_invoice_item_invoice":null,"on_behalf_of":null,"pause_collection":null,"payment_settings":{"payment_method_options":{"acss_debit":null,"bancontact":null,"card":{"network":null,"request_three_d_secure":"automatic"},"customer_balance":null,"konbini":null,"sepa_debit":null,"us_bank_account":null},"payment_method_types":["card"],"save_default_payment_method":"off"},"pending_invoice_item_interval":null,"pending_setup_intent":null,"pending_update":null,"plan":{"id":"price_1OPougJN5vQBdWEx6kfkXDIL","object":"plan","active":true,"aggregate_usage":null,"amount":9700,"amount_decimal":"9700","billing_scheme":"per_unit","created":1703175358,"currency":"usd","interval":"month","interval_count":1,"livemode":false,"metadata":{},"meter":null,"nickname":null,"product":"prod_PEHTfnvdJH6K0k","tiers_mode":null,"transform_usage":null,"trial_period_days":null,"usage_type":"licensed"},"quantity":1,"schedule":null,"start_date":1795306916,"status":"active","test_clock":null,"transfer_data":null,"trial_end":null,"trial_settings":{"end_behavior":{"missing_payment_method":"create_invoice"}},"trial_start":null},"previous_attributes":{"default_payment_method":null,"status":"incomplete"}},"livemode":false,"pending_webhooks":1,"request":{"id":null,"idempotency_key":null},"type":"customer.subscription.updated"}',1795306916000,1795306916697,1795306916719);
INSERT INTO "webhook_events" VALUES('evt_4951941a24894b89a6b7f4157da31b6d','checkout.session.completed','applied','','',1,'{"id":"evt_4951941a24894b89a6b7f4157da31b6d","object":"event","api_version":"2023-10-16","created":1795306916,"data":{"object":{"id":"cs_test_069815a623db4e3786949984d86f7f70","object":"checkout.session","adaptive_pricing":{"enabled":true},"after_expiration":null,"allow_promotion_codes":true,"amount_subtotal":6700,"amount_total":6700,"automatic_tax":{"enabled":false,"liability":null,"status":null},"billing_address_collection":null,"cancel_url":null,"client_reference_id":"ref_575103929fd940c4b62673ad5556ddeb","client_secret":null,"collected_information":{"shipping_details":null},"consent":null,"consent_collection":null,"created":1795306916,"currency":"usd","currency_conversion":null,"custom_fields":[],"custom_text":{"after_submit":null,"shipping_address":null,"submit":null,"terms_of_service_acceptance":null},"customer":null,"customer_creation":"if_required","customer_details":{"address":{"city":null,"country":"US","line1":null,"line2":null,"postal_code":"94107","state":null},"email":"grace@example.com","name":"Jenny Rosen","phone":null,"tax_exempt":"none","tax_ids":[]},"customer_email":null,"discounts":[],"expires_at":1797898916,"invoice":null,"invoice_creation":{"enabled":false,"invoice_data":{"account_tax_ids":null,"custom_fields":null,"description":null,"footer":null,"issuer":null,"metadata":{},"rendering_options":null}},"livemode":false,"locale":null,"metadata":{"product_type":"brand_blueprint_paid","campaign":"landing","source":"landing_page","ref":"ref_575103929fd940c4b62673ad5556ddeb"},"mode":"payment","payment_intent":"pi_g","payment_link":null,"payment_method_collection":"if_required","payment_method_configuration_details":{"id":"pmc_1OPouMJN5vQBdWExQx1Zb7Ua","parent":null},"payment_method_options":{"card":{"request_three_d_secure":"automatic"}},"payment_method_types":["card","link"],"payment_status":"paid","permissions":null,"phone_number_collection":{"enabled":false},"recovered_from":null,"redirect_on_completion":"always","return_url":"https://example.com/checkout/return?session_id={CHECKOUT_SESSION_ID}","saved_payment_method_options":{"allow_redisplay_filters":["always"],"payment_method_remove":null,"payment_method_save":null},"setup_intent":null,"shipping_address_collection":null,"shipping_cost":null,"shipping_details":null,"shipping_options":[],"status":"complete","submit_type":null,"subscription":null,"success_url":null,"total_details":{"amount_discount":0,"amount_shipping":0,"amount_tax":0},"ui_mode":"embedded","url":null,"wallet_options":null}},"livemode":false,"pending_webhooks":1,"request":{"id":null,"idempotency_key":null},"type":"checkout.session.completed"}',1795306916000,1795306916586,1795306916586);
INSERT INTO "webhook_events" VALUES('evt_657b1a70fa58400081320535e88aae4f','charge.refunded','parked','the payment that it is about is not known yet','',8,'{"id":"evt_657b1a70fa58400081320535e88aae4f","object":"event","api_version":"2023-10-16","created":1795306916,"data":{"object":{"id":"ch_unknown","object":"charge","amount":4700,"amount_captured":4700,"amount_refunded":4700,"application":null,"application_fee":null,"application_fee_amount":null,"balance_transaction":"txn_1OPoueJN5vQBdWEx8dhHMVqh","billing_details":{"address":{"city":null,"country":"US","line1":null,"line2":null,"postal_code":"94107","state":null},"email":"x@example.com","name":"Jenny Rosen","phone":null},"calculated_statement_descriptor":"DEMO STUDIO","captured":true,"created":1795306916,"currency":"usd","customer":"cus_9c429d531ce5","description":null,"disputed":false,"failure_balance_transaction":null,"failure_code":null,"failure_message":null,"fraud_details":{},"invoice":null,"livemode":false,"metadata":{"product_type":"bio_glowup","campaign":"landing","source":"landing_page","ref":"ref_545889694d3a41f3aa45714cb42775e3"},"on_behalf_of":null,"outcome":{"network_status":"approved_by_network","reason":null,"risk_level":"normal","risk_score":12,"seller_message":"Payment complete.","type":"authorized"},"paid":true,"payment_intent":"pi_unknown","payment_method":"pm_1OPouQJN5vQBdWExw8mVqk5T","payment_method_details":{"card":{"amount_authorized":4700,"brand":"visa","checks":{"address_line1_check":null,"address_postal_code_check":"pass","cvc_check":"pass"},"country":"US","exp_month":8,"exp_year":2030,"extended_authorization":{"status":"disabled"},"fingerprint":"r40d4vOgg3VecDJF","funding":"credit","incremental_authorization":{"status":"unavailable"},"installments":null,"last4":"4242","mandate":null,"multicapture":{"status":"unavailable"},"network":"visa","network_token":{"used":false},"overcapture":{"maximum_amount_capturable":4700,"status":"unavailable"},"three_d_secure":null,"wallet":null},"type":"card"},"receipt_email":"x@example.com","receipt_number":null,"receipt_url":"https://pay.stripe.com/receipts/payment/CAcaFwoVYWNjdF8x","refunded":true,"review":null,"shipping":null,"source_transfer":null,"statement_descriptor":null,"statement_descriptor_suffix":null,"status":"succeeded","transfer_data":null,"transfer_group":null},"previous_attributes":{"amount_refunded":0,"refunded":false}},"livemode":false,"pending_webhooks":1,"request":{"id":null,"idempotency_key":null},"type":"charge.refunded"}',1795306916000,1795306916738,NULL);
INSERT INTO "webhook_events" VALUES('evt_6e530cf8acd54be98eab13e81b241c1b','customer.subscription.updated','applied','','',1,'{"id":"evt_6e530cf8acd54be98eab13e81b241c1b","object":"event","api_version":"2023-10-16","created":1795306925,"data":{"object":{"id":"sub_e","object":"subscription","application":null,"application_fee_percent":null,"automatic_tax":{"disabled_reason":null,"enabled":false,"liability":null},"billing_cycle_anchor":1795306925,"billing_cycle_anchor_config":null,"billing_mode":{"flexible":null,"type":"classic"},"billing_thresholds":null,"cancel_at":1797898916,"cancel_at_period_end":true,"canceled_at":1795306925,"cancellation_details":{"comment":null,"feedback":"too_expensive","reason":"cancellation_requested"},"collection_method":"charge_automatically","created":1795306925,"currency":"usd","current_period_end":1797898916,"current_period_start":1795306925,"customer":"cus_e","customer_account":null,"days_until_due":null,"default_payment_method":"pm_1OPouQJN5vQBdWExw8mVqk5T","default_source":null,"default_tax_rates":[],"description":null,"discount":null,"discounts":[],"ended_at":null,"invoice_settings":{"account_tax_ids":null,"issuer":{"type":"self"}},"items":{"object":"list","data":[{"id":"si_001a775cabec457bb2bd8f578508038f","object":"subscription_item","billing_thresholds":null,"created":1795306925,"current_period_end":1797898916,"current_period_start":1795306925,"discounts":[],"metadata":{},"plan":{"id":"price_1OPougJN5vQBdWEx6kfkXDIL","object":"plan","active":true,"aggregate_usage":null,"amount":9700,"amount_decimal":"9700","billing_scheme":"per_unit","created":1703175358,"currency":"usd","interval":"month","interval_count":1,"livemode":false,"metadata":{},"meter":null,"nickname":null,"product":"prod_PEHTfnvdJH6K0k","tiers_mode":null,"transform_usage":null,"trial_period_days":null,"usage_type":"licensed"},"price":{"id":"price_1OPougJN5vQBdWEx6kfkXDIL","object":"price","active":true,"billing_scheme":"per_unit","created":1703175358,"currency":"usd","custom_unit_amount":null,"livemode":false,"lookup_key":"studio_monthly_usd","metadata":{},"nickname":null,"product":"prod_PEHTfnvdJH6K0k","recurring":{"aggregate_usage":null,"interval":"month","interval_count":1,"meter":null,"trial_period_days":null,"usage_type":"licensed"},"tax_behavior":"unspecified","tiers_mode":null,"transform_quantity":null,"type":"recurring","unit_amount":9700,"unit_amount_decimal":"9700"},"quantity":1,"subscription":"sub_e","tax_rates":[]}],"has_more":false,"total_count":1,"url":"/v1/subscription_items?subscription=sub_e"},"latest_invoice":"in_e","livemode":false,"metadata":{"product_type":"sselfie_studio_membership","campaign":"landing","source":"landing_page","ref":"r_e"},"next_pending_invoice_item_invoice":null,"on_behalf_of":null,"pause_collection":null,"payment_settings":{"payment_method_options":{"acss_debit":null,"bancontact":null,"card":{"network":null,"request_three_d_secure":"automatic"},"customer_balance":null,"konbini":null,"sepa_debit":null,"us_bank_account":null},"payment_method_types":["card"],"save_default_payment_method":"off"},"pending_invoice_item_interval":null,"pending_setup_intent":null,"pending_update":null,"plan":{"id":"price_1OPougJN5vQBdWEx6kfkXDIL","object":"plan","active":true,"aggregate_usage":null,"amount":9700,"amount_decimal":"9700","billing_scheme":"per_unit","created":1703175358,"currency":"usd","interval":"month","interval_count":1,"livemode":false,"metadata":{},"meter":null,"nickname":null,"product":"prod_PEHTfnvdJH6K0k","tiers_mode":null,"transform_usage":null,"trial_period_days":null,"usage_type":"licensed"},"quantity":1,"schedule":null,"start_date":1795306925,"status":"active","test_clock":null,"transfer_data":null,"trial_end":null,"trial_settings":{"end_behavior":{"missing_payment_method":"create_invoice"}},"trial_start":null},"previous_attributes":{"cancel_at":null,"cancel_at_period_end":false,"canceled_at":null,"cancellation_details":{"feedback":null,"reason":null}}},"livemode":false,"pending_webhooks":1,"request":{"id":null,"idempotency_key":null},"type":"customer.subscription.updated"}',1795306925000,1795306916727,1795306916727);
INSERT INTO "webhook_events" VALUES('evt_76a8aa5bbdfe4b90ad0c8e374b00c729','charge.refunded','applied','','',1,'{"id":"evt_76a8aa5bbdfe4b90ad0c8e374b00c729","object":"event","api_version":"2023-10-16","created":1795306916,"data":{"object":{"id":"ch_g","object":"charge","amount":6700,"amount_captured":6700,"amount_refunded":1000,"application":null,"application_fee":null,"application_fee_amount":null,"balance_transaction":"txn_1OPoueJN5vQBdWEx8dhHMVqh","billing_details":{"address":{"city":null,"country":"US","line1":null,"line2":null,"postal_code":"94107","state":null},"email":"x@example.com","name":"Jenny Rosen","phone":null},"calculated_statement_descriptor":"DEMO STUDIO","captured":true,"created":1795306916,"currency":"usd","customer":"cus_4acce05bd787","description":null,"disputed":false,"failure_balance_transaction":null,"failure_code":null,"failure_message":null,"fraud_details":{},"invoice":null,"livemode":false,"metadata":{"product_type":"bio_glowup","campaign":"landing","source":"landing_page","ref":"ref_965227dc8a2d4536b08fb03f68c7530a"},"on_behalf_of":null,"outcome":{"network_status":"approved_by_network","reason":null,"risk_level":"normal","risk_score":12,"seller_message":"Payment complete.","type":"authorized"},"paid":true,"payment_intent":"pi_g","payment_method":"pm_1OPouQJN5vQBdWExw8mVqk5T","payment_method_details":{"card":{"amount_authorized":6700,"brand":"visa","checks":{"address_line1_check":null,"address_postal_code_check":"pass","cvc_check":"pass"},"country":"US","exp_month":8,"exp_year":2030,"extended_authorization":{"status":"disabled"},"fingerprint":"r40d4vOgg3VecDJF","funding":"credit","incremental_authorization":{"status":"unavailable"},"installments":null,"last4":"4242","mandate":null,"multicapture":{"status":"unavailable"},"network":"visa","network_token":{"used":false},"overcapture":{"maximum_amount_capturable":6700,"status":"unavailable"},"three_d_secure":null,"wallet":null},"type":"card"},"receipt_email":"x@example.com","receipt_number":null,"receipt_url":"https://pay.stripe.com/receipts/payment/CAcaFwoVYWNjdF8x","refunded":false,"review":null,"shipping":null,"source_transfer":null,"statement_descriptor":null,"statement_descriptor_suffix":null,"status":"succeeded","transfer_data":null,"transfer_group":null},"previous_attributes":{"amount_refunded":0}},"livemode":false,"pending_webhooks":1,"request":{"id":null,"idempotency_key":null},"type":"charge.refunded"}',1795306916000,1795306916611,1795306916611);
INSERT INTO "webhook_events" VALUES('evt_9d3b7926e3e5402290d8ac4dad5aa5c0','checkout.session.completed','applied','','',1,'{"id":"evt_9d3b7926e3e5402290d8ac4dad5aa5c0","object":"event","api_version":"2023-10-16","created":1795306916,"data":{"object":{"id":"cs_test_5df20d387dfb4260858028f8d9e05d77","object":"checkout.session","adaptive_pricing":{"enabled":true},"after_expiration":null,"allow_promotion_codes":null,"amount_subtotal":9700,"amount_total":9700,"automatic_tax":{"enabled":false,"liability":null,"status":null},"billing_address_collection":null,"cancel_url":null,"client_reference_id":"r_e","client_secret":null,"collected_information":{"shipping_details":null},"consent":null,"consent_collection":null,"created":1795306916,"currency":"usd","currency_conversion":null,"custom_fields":[],"custom_text":{"after_submit":null,"shipping_address":null,"submit":null,"terms_of_service_acceptance":null},"customer":"cus_e","customer_creation":null,"customer_details":{"address":{"city":null,"country":"US","line1":null,"line2":null,"postal_code":"94107","state":null},"email":"edith@example.com","name":"Jenny Rosen","phone":null,"tax_exempt":"none","tax_ids":[]},"customer_email":null,"discounts":[],"expires_at":1797898916,"invoice":"in_e","invoice_creation":null,"livemode":false,"locale":null,"metadata":{"product_type":"sselfie_studio_membership","campaign":"landing","source":"landing_page","ref":"r_e"},"mode":"subscription","payment_intent":null,"payment_link":null,"payment_method_collection":"always","payment_method_configuration_details":{"id":"pmc_1OPouMJN5vQBdWExQx1Zb7Ua","parent":null},"payment_method_options":{"card":{"request_three_d_secure":"automatic"}},"payment_method_types":["card"],"payment_status":"paid","permissions":null,"phone_number_collection":{"enabled":false},"recovered_from":null,"redirect_on_completion":"always","return_url":"https://example.com/checkout/return?session_id={CHECKOUT_SESSION_ID}","saved_payment_method_options":{"allow_redisplay_filters":["always"],"payment_method_remove":null,"payment_method_save":null},"setup_intent":null,"shipping_address_collection":null,"shipping_cost":null,"shipping_details":null,"shipping_options":[],"status":"complete","submit_type":null,"subscription":"sub_e","success_url":null,"total_details":{"amount_discount":0,"amount_shipping":0,"amount_tax":0},"ui_mode":"embedded","url":null,"wallet_options":null}},"livemode":false,"pending_webhooks":1,"request":{"id":null,"idempotency_key":null},"type":"checkout.session.completed"}',1795306916000,1795306916717,1795306916717);
INSERT INTO "webhook_events" VALUES('evt_a8b2127b05a2481ca6d20a08058cad58','checkout.session.completed','applied','','',1,'{"id":"evt_a8b2127b05a2481ca6d20a08058cad58","object":"event","api_version":"2023-10-16","created":1795306916,"data":{"object":{"id":"cs_test_918edaadd54f4062a9b7c3d777d97617","object":"checkout.session","adaptive_pricing":{"enabled":true},"after_expiration":null,"allow_promotion_codes":true,"amount_subtotal":4700,"amount_total":4700,"automatic_tax":{"enabled":false,"liability":null,"status":null},"billing_address_collection":null,"cancel_url":null,"client_reference_id":"ref_021dacad8f8a41e5b0f441153844aef8","client_secret":null,"collected_information":{"shipping_details":null},"consent":null,"consent_collection":null,"created":1795306916,"currency":"usd","currency_conversion":null,"custom_fields":[],"custom_text":{"after_submit":null,"shipping_address":null,"submit":null,"terms_of_service_acceptance":null},"customer":null,"customer_creation":"if_required","customer_details":{"address":{"city":null,"country":"US","line1":null,"line2":null,"postal_code":"94107","state":null},"email":"joan@example.com","name":"Jenny Rosen","phone":null,"tax_exempt":"none","tax_ids":[]},"customer_email":null,"discounts":[],"expires_at":1797898916,"invoice":null,"invoice_creation":{"enabled":false,"invoice_data":{"account_tax_ids":null,"custom_fields":null,"description":null,"footer":null,"issuer":null,"metadata":{},"rendering_options":null}},"livemode":false,"locale":null,"metadata":{"product_type":"bio_glowup","campaign":"landing","source":"landing_page","ref":"ref_021dacad8f8a41e5b0f441153844aef8"},"mode":"payment","payment_intent":"pi_j","payment_link":null,"payment_method_collection":"if_required","payment_method_configuration_details":{"id":"pmc_1OPouMJN5vQBdWExQx1Zb7Ua","parent":null},"payment_method_options":{"card":{"request_three_d_secure":"automatic"}},"payment_method_types":["card","link"],"payment_status":"paid","permissions":null,"phone_number_collection":{"enabled":false},"recovered_from":null,"redirect_on_completion":"always","return_url":"https://example.com/checkout/return?session_id={CHECKOUT_SESSION_ID}","saved_payment_method_options":{"allow_redisplay_filters":["always"],"payment_method_remove":null,"payment_method_save":null},"setup_intent":null,"shipping_address_collection":null,"shipping_cost":null,"shipping_details":null,"shipping_options":[],"status":"complete","submit_type":null,"subscription":null,"success_url":null,"total_details":{"amount_discount":0,"amount_shipping":0,"amount_tax":0},"ui_mode":"embedded","url":null,"wallet_options":null}},"livemode":false,"pending_webhooks":1,"request":{"id":null,"idempotency_key":null},"type":"checkout.session.completed"}',1795306916000,1795306916634,1795306916634);
INSERT INTO "webhook_events" VALUES('evt_b0f43837309541a1880110079a7ebb24','customer.subscription.created','applied','','',2,'{"id":"evt_b0f43837309541a1880110079a7ebb24","object":"event","api_version":"2023-10-16","created":1795306916,"data":{"object":{"id":"sub_e","object":"subscription","application":null,"application_fee_percent":null,"automatic_tax":{"disabled_reason":null,"enabled":false,"liability":null},"billing_cycle_anchor":1795306916,"billing_cycle_anchor_config":null,"billing_mode":{"flexible":null,"type":"classic"},"billing_thresholds":null,"cancel_at":null,"cancel_at_period_end":false,"canceled_at":null,"cancellation_details":{"comment":null,"feedback":null,"reason":null},"collection_method":"charge_automatically","created":1795306916,"currency":"usd","current_period_end":1797898916,"current_period_start":1795306916,"customer":"cus_e","customer_account":null,"days_until_due":null,"default_payment_method":null,"default_source":null,"default_tax_rates":[],"description":null,"discount":null,"discounts":[],"ended_at":null,"invoice_settings":{"account_tax_ids":null,"issuer":{"type":"self"}},"items":{"object":"list","data":[{"id":"si_80687a4e90fa41a9ac7c52fcdf6cce70","object":"subscription_item","billing_thresholds":null,"created":1795306916,"current_period_end":1797898916,"current_period_start":1795306916,"discounts":[],"metadata":{},"plan":{"id":"price_1OPougJN5vQBdWEx6kfkXDIL","object":"plan","active":true,"aggregate_usage":null,"amount":9700,"amount_decimal":"9700","billing_scheme":"per_unit","created":1703175358,"currency":"usd","interval":"month","interval_count":1,"livemode":false,"metadata":{},"meter":null,"nickname":null,"product":"prod_PEHTfnvdJH6K0k","tiers_mode":null,"transform_usage":null,"trial_period_days":null,"usage_type":"licensed"},"price":{"id":"price_1OPougJN5vQBdWEx6kfkXDIL","object":"price","active":true,"billing_scheme":"per_unit","created":1703175358,"currency":"usd","custom_unit_amount":null,"livemode":false,"lookup_key":"studio_monthly_usd","metadata":{},"nickname":null,"product":"prod_PEHTfnvdJH6K0k","recurring":{"aggregate_usage":null,"interval":"month","interval_count":1,"meter":null,"trial_period_days":null,"usage_type":"licensed"},"tax_behavior":"unspecified","tiers_mode":null,"transform_quantity":null,"type":"recurring","unit_amount":9700,"unit_amount_decimal":"9700"},"quantity":1,"subscription":"sub_e","tax_rates":[]}],"has_more":false,"total_count":1,"url":"/v1/subscription_items?subscription=sub_e"},"latest_invoice":"in_e","livemode":false,"metadata":{"product_type":"sselfie_studio_membership","campaign":"landing","source":"landing_page","ref":"r_e"},"next_pending_invoice_item_invoice":null,"on_behalf_of":null,"pause_collection":null,"payment_settings":{"payment_method_options":{"acss_debit":null,"bancontact":null,"card":{"network":null,"request_three_d_secure":"automatic"},"customer_balance":null,"konbini":null,"sepa_debit":null,"us_bank_account":null},"payment_method_types":["card"],"save_default_payment_method":"off"},"pending_invoice_item_interval":null,"pending_setup_intent":null,"pending_update":null,"plan":{"id":"price_1OPougJN5vQBdWEx6kfkXDIL","object":"plan","active":true,"aggregate_usage":null,"amount":9700,"amount_decimal":"9700","billing_scheme":"per_unit","created":1703175358,"currency":"usd","interval":"month","interval_count":1,"livemode":false,"metadata":{},"meter":null,"nickname":null,"product":"prod_PEHTfnvdJH6K0k","tiers_mode":null,"transform_usage":null,"trial_period_days":null,"usage_type":"licensed"},"quantity":1,"schedule":null,"start_date":1795306916,"status":"incomplete","test_clock":null,"transfer_data":null,"trial_end":null,"trial_settings":{"end_behavior":{"missing_payment_method":"create_invoice"}},"trial_start":null}},"livemode":false,"pending_webhooks":1,"request":{"id":null,"idempotency_key":null},"type":"customer.subscription.created"}',1795306916000,1795306916687,1795306916720);
INSERT INTO "webhook_events" VALUES('evt_cdeb37cedd6b450dbace35f5ce3c5a79','charge.dispute.created','applied','','',1,'{"id":"evt_cdeb37cedd6b450dbace35f5ce3c5a79","object":"event","api_version":"2023-10-16","created":1795306916,"data":{"object":{"id":"dp_g","object":"dispute","amount":6700,"balance_transaction":"txn_1OPoueJN5vQBdWExY5sqg5Tq","balance_transactions":[{"id":"txn_1OPoueJN5vQBdWExY5sqg5Tq","object":"balance_transaction","amount":-6700,"available_on":1795306916,"created":1795306916,"currency":"usd","description":"Chargeback withdrawal for ch_g","exchange_rate":null,"fee":1500,"fee_details":[{"amount":1500,"application":null,"currency":"usd","description":"Dispute fee","type":"stripe_fee"}],"net":-6700,"reporting_category":"dispute","source":"dp_g","status":"available","type":"adjustment"}],"charge":"ch_g","created":1795306916,"currency":"usd","evidence":{"access_activity_log":null,"billing_address":null,"cancellation_policy":null,"cancellation_policy_disclosure":null,"cancellation_rebuttal":null,"customer_communication":null,"customer_email_address":"x@example.com","customer_name":"Jenny Rosen","customer_purchase_ip":"203.0.113.10","customer_signature":null,"duplicate_charge_documentation":null,"duplicate_charge_explanation":null,"duplicate_charge_id":null,"product_description":null,"receipt":null,"refund_policy":null,"refund_policy_disclosure":null,"refund_refusal_explanation":null,"service_date":null,"service_documentation":null,"shipping_address":null,"shipping_carrier":null,"shipping_date":null,"shipping_documentation":null,"shipping_tracking_number":null,"uncategorized_file":null,"uncategorized_text":null},"evidence_details":{"due_by":1797898916,"has_evidence":false,"past_due":false,"submission_count":0},"is_charge_refundable":false,"livemode":false,"metadata":{},"network_reason_code":"10.4","payment_intent":"pi_g","payment_method_details":{"card":{"brand":"visa","network_reason_code":"10.4"},"type":"card"},"reason":"fraudulent","status":"needs_response"}},"livemode":false,"pending_webhooks":1,"request":{"id":null,"idempotency_key":null},"type":"charge.dispute.created"}',1795306916000,1795306916622,1795306916622);
INSERT INTO "webhook_events" VALUES('evt_eed8044d08f44a47bd0ece9a11aa6382','checkout.session.completed','parked','the price before discounts was $0.01, Bio Glow-Up costs $47','',8,'{"id":"evt_eed8044d08f44a47bd0ece9a11aa6382","object":"event","api_version":"2023-10-16","created":1795306916,"data":{"object":{"id":"cs_test_65ed3189b58d4cb28ed2b634b236f992","object":"checkout.session","adaptive_pricing":{"enabled":true},"after_expiration":null,"allow_promotion_codes":true,"amount_subtotal":1,"amount_total":1,"automatic_tax":{"enabled":false,"liability":null,"status":null},"billing_address_collection":null,"cancel_url":null,"client_reference_id":"ref_6914a8f478bc470986f79f8d4af4a482","client_secret":null,"collected_information":{"shipping_details":null},"consent":null,"consent_collection":null,"created":1795306916,"currency":"usd","currency_conversion":null,"custom_fields":[],"custom_text":{"after_submit":null,"shipping_address":null,"submit":null,"terms_of_service_acceptance":null},"customer":null,"customer_creation":"if_required","customer_details":{"address":{"city":null,"country":"US","line1":null,"line2":null,"postal_code":"94107","state":null},"email":"odd@example.com","name":"Jenny Rosen","phone":null,"tax_exempt":"none","tax_ids":[]},"customer_email":null,"discounts":[],"expires_at":1797898916,"invoice":null,"invoice_creation":{"enabled":false,"invoice_data":{"account_tax_ids":null,"custom_fields":null,"description":null,"footer":null,"issuer":null,"metadata":{},"rendering_options":null}},"livemode":false,"locale":null,"metadata":{"product_type":"bio_glowup","campaign":"landing","source":"landing_page","ref":"ref_6914a8f478bc470986f79f8d4af4a482"},"mode":"payment","payment_intent":"pi_d36e729da190457ab4168ce9aca2ad74","payment_link":null,"payment_method_collection":"if_required","payment_method_configuration_details":{"id":"pmc_1OPouMJN5vQBdWExQx1Zb7Ua","parent":null},"payment_method_options":{"card":{"request_three_d_secure":"automatic"}},"payment_method_types":["card","link"],"payment_status":"paid","permissions":null,"phone_number_collection":{"enabled":false},"recovered_from":null,"redirect_on_completion":"always","return_url":"https://example.com/checkout/return?session_id={CHECKOUT_SESSION_ID}","saved_payment_method_options":{"allow_redisplay_filters":["always"],"payment_method_remove":null,"payment_method_save":null},"setup_intent":null,"shipping_address_collection":null,"shipping_cost":null,"shipping_details":null,"shipping_options":[],"status":"complete","submit_type":null,"subscription":null,"success_url":null,"total_details":{"amount_discount":0,"amount_shipping":0,"amount_tax":0},"ui_mode":"embedded","url":null,"wallet_options":null}},"livemode":false,"pending_webhooks":1,"request":{"id":null,"idempotency_key":null},"type":"checkout.session.completed"}',1795306916000,1795306916779,NULL);
CREATE TABLE webhook_waits (
    key      TEXT NOT NULL,  -- 'subscription:sub_..', 'customer:cus_..', 'intent:pi_..'
    event_id TEXT NOT NULL REFERENCES webhook_events (id) ON DELETE CASCADE,
    PRIMARY KEY (key, event_id)
) STRICT, WITHOUT ROWID;
INSERT INTO "webhook_waits" VALUES('charge:ch_unknown','evt_657b1a70fa58400081320535e88aae4f');
INSERT INTO "webhook_waits" VALUES('intent:pi_unknown','evt_657b1a70fa58400081320535e88aae4f');
CREATE UNIQUE INDEX users_email_key ON users (email_key) WHERE email_key IS NOT NULL;
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);
CREATE INDEX auth_tokens_user ON auth_tokens (user_id, purpose);
CREATE INDEX auth_tokens_expiry ON auth_tokens (expires_at);
CREATE INDEX rate_counters_window ON rate_counters (window_start);
CREATE INDEX stripe_customers_user ON stripe_customers (user_id);
CREATE UNIQUE INDEX checkouts_session ON checkouts (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX checkouts_user ON checkouts (user_id) WHERE user_id IS NOT NULL;
CREATE UNIQUE INDEX checkouts_promotion ON checkouts (user_id, promotion) WHERE promotion <> '' AND state IN ('new', 'open', 'processing');
CREATE INDEX consents_user ON consents (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX consents_checkout ON consents (checkout_id) WHERE checkout_id IS NOT NULL;
CREATE UNIQUE INDEX credit_transactions_key ON credit_transactions (user_id, idempotency_key);
CREATE INDEX credit_transactions_user ON credit_transactions (user_id, seq);
CREATE INDEX idempotency_answers_age ON idempotency_answers (created_at);
CREATE UNIQUE INDEX stripe_payments_session ON stripe_payments (session_id) WHERE session_id IS NOT NULL;
CREATE UNIQUE INDEX stripe_payments_intent ON stripe_payments (payment_intent) WHERE payment_intent IS NOT NULL;
CREATE UNIQUE INDEX stripe_payments_charge ON stripe_payments (charge_id) WHERE charge_id IS NOT NULL;
CREATE UNIQUE INDEX stripe_payments_invoice ON stripe_payments (invoice_id) WHERE invoice_id IS NOT NULL;
CREATE INDEX stripe_payments_user ON stripe_payments (user_id, paid_at);
CREATE INDEX stripe_payments_paid ON stripe_payments (paid_at);
CREATE INDEX refunds_payment ON refunds (payment_id);
CREATE INDEX disputes_payment ON disputes (payment_id);
CREATE UNIQUE INDEX subscriptions_stripe ON subscriptions (stripe_subscription_id) WHERE stripe_subscription_id IS NOT NULL;
CREATE UNIQUE INDEX subscriptions_live ON subscriptions (user_id, product_type) WHERE live = 1;
CREATE INDEX subscriptions_user ON subscriptions (user_id);
CREATE INDEX stripe_objects_user ON stripe_objects (user_id, kind) WHERE user_id IS NOT NULL;
CREATE INDEX webhook_events_received ON webhook_events (received_at);
CREATE INDEX webhook_events_open ON webhook_events (outcome, created_at) WHERE outcome IN ('parked', 'failed');
CREATE INDEX webhook_waits_event ON webhook_waits (event_id);
CREATE INDEX email_logs_urgent ON email_logs (next_attempt_at) WHERE state = 'queued' AND kind NOT IN ('abandoned_checkout', 'sequence', 'campaign');
CREATE INDEX email_logs_bulk ON email_logs (next_attempt_at) WHERE state = 'queued' AND kind IN ('abandoned_checkout', 'sequence', 'campaign');
CREATE INDEX email_logs_sending ON email_logs (id) WHERE state = 'sending';
CREATE INDEX email_logs_user ON email_logs (user_id, created_at) WHERE user_id IS NOT NULL;
CREATE INDEX email_logs_created ON email_logs (created_at);
CREATE INDEX analytics_events_at ON analytics_events (at, name, product_id);
CREATE INDEX analytics_events_user ON analytics_events (user_id, name, at) WHERE user_id IS NOT NULL;
CREATE INDEX admin_audit_log_at ON admin_audit_log (at);
CREATE INDEX freebie_subscribers_user ON freebie_subscribers (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX training_runs_user ON training_runs (user_id, created_at);
CREATE INDEX user_tags_user ON user_tags (user_id);
CREATE INDEX support_tickets_open ON support_tickets (created_at) WHERE state = 'open';
CREATE INDEX support_tickets_user ON support_tickets (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX support_tickets_key ON support_tickets (email_key) WHERE email_key <> '';
CREATE UNIQUE INDEX mini_product_upsell_sequence_live ON mini_product_upsell_sequence (coalesce(user_id, lead_id), series, product_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX mini_product_upsell_sequence_payment ON mini_product_upsell_sequence (payment_id, series) WHERE payment_id IS NOT NULL;
CREATE INDEX mini_product_upsell_sequence_due ON mini_product_upsell_sequence (series, due_at) WHERE ended_at IS NULL;
CREATE INDEX mini_product_upsell_sequence_user ON mini_product_upsell_sequence (user_id, series) WHERE user_id IS NOT NULL;
CREATE INDEX mini_product_upsell_sequence_lead ON mini_product_upsell_sequence (lead_id) WHERE lead_id IS NOT NULL;
CREATE UNIQUE INDEX email_segments_name ON email_segments (name);
CREATE INDEX email_segment_members_user ON email_segment_members (user_id);
CREATE INDEX admin_email_campaigns_open ON admin_email_campaigns (state, send_at) WHERE state IN ('scheduled', 'sending');
CREATE INDEX campaign_recipients_waiting ON campaign_recipients (campaign_id, at, user_id) WHERE outcome = 'waiting';
CREATE INDEX campaign_recipients_user ON campaign_recipients (user_id);
CREATE UNIQUE INDEX email_logs_step ON email_logs (enrolment_id, step) WHERE enrolment_id IS NOT NULL;
CREATE UNIQUE INDEX email_logs_campaign ON email_logs (campaign_id, user_id) WHERE campaign_id IS NOT NULL;
CREATE INDEX email_logs_marketing ON email_logs (to_key, created_at) WHERE kind IN ('abandoned_checkout', 'sequence', 'campaign');
CREATE INDEX email_logs_clicked ON email_logs (to_key, clicked_at) WHERE clicked_at IS NOT NULL;
CREATE INDEX stripe_payments_kept ON stripe_payments (product_id, paid_at, user_id, refunded, amount, dispute);
CREATE INDEX stripe_payments_mail ON stripe_payments (email_log_id) WHERE email_log_id IS NOT NULL;
CREATE INDEX email_links_mail ON email_links (email_log_id);
CREATE INDEX mail_reports_at ON mail_reports (at);
CREATE INDEX checkouts_abandoned ON checkouts (expires_at) WHERE state IN ('open', 'expired', 'failed') AND email <> '';
CREATE INDEX users_seen ON users (coalesce(last_seen_at, last_login_at, created_at)) WHERE deleted_at IS NULL;
CREATE TRIGGER credit_transactions_no_update BEFORE UPDATE ON credit_transactions
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER credit_transactions_no_delete BEFORE DELETE ON credit_transactions
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER credit_transactions_no_replace BEFORE INSERT ON credit_transactions
WHEN EXISTS (SELECT 1 FROM credit_transactions WHERE seq = NEW.seq OR id = NEW.id)
    OR EXISTS (SELECT 1 FROM credit_transactions WHERE user_id = NEW.user_id AND idempotency_key = NEW.idempotency_key)
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: this line is there already'); END;
CREATE TRIGGER credit_transactions_follows BEFORE INSERT ON credit_transactions
WHEN NEW.balance_after <> NEW.amount + COALESCE((SELECT balance_after FROM credit_transactions WHERE user_id = NEW.user_id ORDER BY seq DESC LIMIT 1), 0)
BEGIN SELECT RAISE(ABORT, 'balance_after does not follow from the row before'); END;
CREATE TRIGGER consents_no_update BEFORE UPDATE ON consents
WHEN NEW.id <> OLD.id OR NEW.purpose <> OLD.purpose OR NEW.given <> OLD.given OR NEW.text_version <> OLD.text_version OR NEW.at <> OLD.at
BEGIN SELECT RAISE(ABORT, 'consents are append-only'); END;
CREATE TRIGGER consents_no_replace BEFORE INSERT ON consents
WHEN EXISTS (SELECT 1 FROM consents WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'consents are append-only'); END;
CREATE TRIGGER consents_no_delete BEFORE DELETE ON consents
BEGIN SELECT RAISE(ABORT, 'consents are append-only'); END;
CREATE TRIGGER admin_audit_log_no_update BEFORE UPDATE ON admin_audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER admin_audit_log_no_replace BEFORE INSERT ON admin_audit_log
WHEN EXISTS (SELECT 1 FROM admin_audit_log WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER admin_audit_log_no_delete BEFORE DELETE ON admin_audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('goose_db_version',5);
COMMIT;
