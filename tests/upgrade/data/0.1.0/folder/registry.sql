BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('6953534de441');
CREATE TABLE "datasets" (
	dataset_uuid VARCHAR(36) NOT NULL, 
	experiment_id INTEGER NOT NULL, 
	name VARCHAR(500) NOT NULL, 
	digest VARCHAR(36) NOT NULL, 
	dataset_source_type VARCHAR(36) NOT NULL, 
	dataset_source TEXT NOT NULL, 
	dataset_schema TEXT, 
	dataset_profile TEXT, 
	CONSTRAINT dataset_pk PRIMARY KEY (experiment_id, name, digest), 
	CONSTRAINT fk_datasets_experiment_id_experiments FOREIGN KEY(experiment_id) REFERENCES experiments (experiment_id) ON DELETE CASCADE
);
CREATE TABLE experiment_tags (
	"key" VARCHAR(250) NOT NULL, 
	value VARCHAR(5000), 
	experiment_id INTEGER NOT NULL, 
	CONSTRAINT experiment_tag_pk PRIMARY KEY ("key", experiment_id), 
	FOREIGN KEY(experiment_id) REFERENCES experiments (experiment_id)
);
CREATE TABLE experiments (
	experiment_id INTEGER NOT NULL, 
	name VARCHAR(256) NOT NULL, 
	artifact_location VARCHAR(256), 
	lifecycle_stage VARCHAR(32), creation_time BIGINT, last_update_time BIGINT, 
	CONSTRAINT experiment_pk PRIMARY KEY (experiment_id), 
	CONSTRAINT experiments_lifecycle_stage CHECK (lifecycle_stage IN ('active', 'deleted')), 
	UNIQUE (name)
);
CREATE TABLE input_tags (
	input_uuid VARCHAR(36) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	value VARCHAR(500) NOT NULL, 
	CONSTRAINT input_tags_pk PRIMARY KEY (input_uuid, name)
);
CREATE TABLE inputs (
	input_uuid VARCHAR(36) NOT NULL, 
	source_type VARCHAR(36) NOT NULL, 
	source_id VARCHAR(36) NOT NULL, 
	destination_type VARCHAR(36) NOT NULL, 
	destination_id VARCHAR(36) NOT NULL, step BIGINT DEFAULT '0' NOT NULL, 
	CONSTRAINT inputs_pk PRIMARY KEY (source_type, source_id, destination_type, destination_id)
);
CREATE TABLE "latest_metrics" (
	"key" VARCHAR(250) NOT NULL, 
	value FLOAT NOT NULL, 
	timestamp BIGINT, 
	step BIGINT NOT NULL, 
	is_nan BOOLEAN NOT NULL, 
	run_uuid VARCHAR(32) NOT NULL, 
	CONSTRAINT latest_metric_pk PRIMARY KEY ("key", run_uuid), 
	FOREIGN KEY(run_uuid) REFERENCES runs (run_uuid), 
	CHECK (is_nan IN (0, 1))
);
CREATE TABLE logged_model_metrics (
	model_id VARCHAR(36) NOT NULL, 
	metric_name VARCHAR(500) NOT NULL, 
	metric_timestamp_ms BIGINT NOT NULL, 
	metric_step BIGINT NOT NULL, 
	metric_value FLOAT, 
	experiment_id INTEGER NOT NULL, 
	run_id VARCHAR(32) NOT NULL, 
	dataset_uuid VARCHAR(36), 
	dataset_name VARCHAR(500), 
	dataset_digest VARCHAR(36), 
	CONSTRAINT logged_model_metrics_pk PRIMARY KEY (model_id, metric_name, metric_timestamp_ms, metric_step, run_id), 
	CONSTRAINT fk_logged_model_metrics_experiment_id FOREIGN KEY(experiment_id) REFERENCES experiments (experiment_id), 
	CONSTRAINT fk_logged_model_metrics_model_id FOREIGN KEY(model_id) REFERENCES logged_models (model_id) ON DELETE CASCADE, 
	CONSTRAINT fk_logged_model_metrics_run_id FOREIGN KEY(run_id) REFERENCES runs (run_uuid) ON DELETE CASCADE
);
CREATE TABLE logged_model_params (
	model_id VARCHAR(36) NOT NULL, 
	experiment_id INTEGER NOT NULL, 
	param_key VARCHAR(255) NOT NULL, 
	param_value TEXT NOT NULL, 
	CONSTRAINT logged_model_params_pk PRIMARY KEY (model_id, param_key), 
	CONSTRAINT fk_logged_model_params_experiment_id FOREIGN KEY(experiment_id) REFERENCES experiments (experiment_id), 
	CONSTRAINT fk_logged_model_params_model_id FOREIGN KEY(model_id) REFERENCES logged_models (model_id) ON DELETE CASCADE
);
CREATE TABLE logged_model_tags (
	model_id VARCHAR(36) NOT NULL, 
	experiment_id INTEGER NOT NULL, 
	tag_key VARCHAR(255) NOT NULL, 
	tag_value TEXT NOT NULL, 
	CONSTRAINT logged_model_tags_pk PRIMARY KEY (model_id, tag_key), 
	CONSTRAINT fk_logged_model_tags_experiment_id FOREIGN KEY(experiment_id) REFERENCES experiments (experiment_id), 
	CONSTRAINT fk_logged_model_tags_model_id FOREIGN KEY(model_id) REFERENCES logged_models (model_id) ON DELETE CASCADE
);
CREATE TABLE logged_models (
	model_id VARCHAR(36) NOT NULL, 
	experiment_id INTEGER NOT NULL, 
	name VARCHAR(500) NOT NULL, 
	artifact_location VARCHAR(1000) NOT NULL, 
	creation_timestamp_ms BIGINT NOT NULL, 
	last_updated_timestamp_ms BIGINT NOT NULL, 
	status INTEGER NOT NULL, 
	lifecycle_stage VARCHAR(32), 
	model_type VARCHAR(500), 
	source_run_id VARCHAR(32), 
	status_message VARCHAR(1000), 
	CONSTRAINT logged_models_pk PRIMARY KEY (model_id), 
	CONSTRAINT logged_models_lifecycle_stage_check CHECK (lifecycle_stage IN ('active', 'deleted')), 
	CONSTRAINT fk_logged_models_experiment_id FOREIGN KEY(experiment_id) REFERENCES experiments (experiment_id) ON DELETE CASCADE
);
CREATE TABLE "metrics" (
	"key" VARCHAR(250) NOT NULL, 
	value FLOAT NOT NULL, 
	timestamp BIGINT NOT NULL, 
	run_uuid VARCHAR(32) NOT NULL, 
	step BIGINT DEFAULT '0' NOT NULL, 
	is_nan BOOLEAN DEFAULT '0' NOT NULL, 
	CONSTRAINT metric_pk PRIMARY KEY ("key", timestamp, step, run_uuid, value, is_nan), 
	FOREIGN KEY(run_uuid) REFERENCES runs (run_uuid), 
	CHECK (is_nan IN (0, 1))
);
CREATE TABLE model_version_tags (
	"key" VARCHAR(250) NOT NULL, 
	value VARCHAR(5000), 
	name VARCHAR(256) NOT NULL, 
	version INTEGER NOT NULL, 
	CONSTRAINT model_version_tag_pk PRIMARY KEY ("key", name, version), 
	FOREIGN KEY(name, version) REFERENCES model_versions (name, version) ON UPDATE cascade
);
INSERT INTO "model_version_tags" VALUES('mlflow_oci_aidp.emulator.fields','{"user_id": "ocid1.user.oc1..emulatored31e5b6d9d52752e5a0082c0439d549", "model_id": "m-c07799e6937a44ce9b07b816d843a7b2-9b422994"}','main.default.iris',1);
INSERT INTO "model_version_tags" VALUES('of','the id of a logged model','main.default.iris',2);
INSERT INTO "model_version_tags" VALUES('mlflow_oci_aidp.emulator.fields','{"user_id": "ocid1.user.oc1..emulatored31e5b6d9d52752e5a0082c0439d549"}','main.default.iris',2);
INSERT INTO "model_version_tags" VALUES('of','the name of a logged model','main.default.iris',3);
INSERT INTO "model_version_tags" VALUES('mlflow_oci_aidp.emulator.fields','{"user_id": "ocid1.user.oc1..emulatored31e5b6d9d52752e5a0082c0439d549"}','main.default.iris',3);
INSERT INTO "model_version_tags" VALUES('of','a folder of a run','main.default.iris',4);
INSERT INTO "model_version_tags" VALUES('mlflow_oci_aidp.emulator.fields','{"user_id": "ocid1.user.oc1..emulatored31e5b6d9d52752e5a0082c0439d549"}','main.default.iris',4);
INSERT INTO "model_version_tags" VALUES('of','a folder of a run, by its place','main.default.iris',5);
INSERT INTO "model_version_tags" VALUES('mlflow_oci_aidp.emulator.fields','{"user_id": "ocid1.user.oc1..emulatored31e5b6d9d52752e5a0082c0439d549"}','main.default.iris',5);
INSERT INTO "model_version_tags" VALUES('of','Object Storage','main.default.iris',6);
INSERT INTO "model_version_tags" VALUES('mlflow_oci_aidp.emulator.fields','{"user_id": "ocid1.user.oc1..emulatored31e5b6d9d52752e5a0082c0439d549"}','main.default.iris',6);
INSERT INTO "model_version_tags" VALUES('of','another store','main.default.iris',7);
INSERT INTO "model_version_tags" VALUES('mlflow_oci_aidp.emulator.fields','{"user_id": "ocid1.user.oc1..emulatored31e5b6d9d52752e5a0082c0439d549"}','main.default.iris',7);
INSERT INTO "model_version_tags" VALUES('of','a volume','main.default.iris',8);
INSERT INTO "model_version_tags" VALUES('mlflow_oci_aidp.emulator.fields','{"user_id": "ocid1.user.oc1..emulatored31e5b6d9d52752e5a0082c0439d549"}','main.default.iris',8);
INSERT INTO "model_version_tags" VALUES('of','a volume by scheme','main.default.iris',9);
INSERT INTO "model_version_tags" VALUES('mlflow_oci_aidp.emulator.fields','{"user_id": "ocid1.user.oc1..emulatored31e5b6d9d52752e5a0082c0439d549"}','main.default.iris',9);
INSERT INTO "model_version_tags" VALUES('of','a volume by scheme and authority','main.default.iris',10);
INSERT INTO "model_version_tags" VALUES('mlflow_oci_aidp.emulator.fields','{"user_id": "ocid1.user.oc1..emulatored31e5b6d9d52752e5a0082c0439d549"}','main.default.iris',10);
INSERT INTO "model_version_tags" VALUES('of','a logged model in a volume','main.default.iris',11);
INSERT INTO "model_version_tags" VALUES('mlflow_oci_aidp.emulator.fields','{"user_id": "ocid1.user.oc1..emulatored31e5b6d9d52752e5a0082c0439d549"}','main.default.iris',11);
INSERT INTO "model_version_tags" VALUES('of','a logged model in a volume, by scheme','main.default.iris',12);
INSERT INTO "model_version_tags" VALUES('mlflow_oci_aidp.emulator.fields','{"user_id": "ocid1.user.oc1..emulatored31e5b6d9d52752e5a0082c0439d549"}','main.default.iris',12);
INSERT INTO "model_version_tags" VALUES('mlflow_oci_aidp.emulator.fields','{"user_id": "ocid1.user.oc1..emulatored31e5b6d9d52752e5a0082c0439d549"}','main.default.iris',13);
INSERT INTO "model_version_tags" VALUES('mlflow_oci_aidp.emulator.fields','{"user_id": "ocid1.user.oc1..emulatored31e5b6d9d52752e5a0082c0439d549"}','main.default.iris',14);
INSERT INTO "model_version_tags" VALUES('mlflow_oci_aidp.emulator.fields','{"user_id": "ocid1.user.oc1..emulatored31e5b6d9d52752e5a0082c0439d549"}','main.default.iris',15);
INSERT INTO "model_version_tags" VALUES('mlflow_oci_aidp.emulator.fields','{"user_id": "ocid1.user.oc1..emulatored31e5b6d9d52752e5a0082c0439d549"}','main.default.iris',16);
INSERT INTO "model_version_tags" VALUES('mlflow_oci_aidp.emulator.fields','{"user_id": "ocid1.user.oc1..emulatored31e5b6d9d52752e5a0082c0439d549"}','main.default.iris',17);
INSERT INTO "model_version_tags" VALUES('mlflow_oci_aidp.emulator.fields','{"user_id": "ocid1.user.oc1..emulatored31e5b6d9d52752e5a0082c0439d549"}','main.default.iris',18);
INSERT INTO "model_version_tags" VALUES('reviewed','yes','main.default.iris',2);
INSERT INTO "model_version_tags" VALUES('mlflow_oci_aidp.emulator.fields','{"user_id": "ocid1.user.oc1..emulatored31e5b6d9d52752e5a0082c0439d549"}','main.default.iris',19);
INSERT INTO "model_version_tags" VALUES('mlflow_oci_aidp.emulator.fields','{"user_id": "ocid1.user.oc1..emulatored31e5b6d9d52752e5a0082c0439d549"}','main.default.renamed',1);
INSERT INTO "model_version_tags" VALUES('of','the id of a logged model','main.default.copy',1);
INSERT INTO "model_version_tags" VALUES('reviewed','yes','main.default.copy',1);
INSERT INTO "model_version_tags" VALUES('mlflow_oci_aidp.emulator.fields','{"user_id": "ocid1.user.oc1..emulatored31e5b6d9d52752e5a0082c0439d549"}','main.default.copy',1);
INSERT INTO "model_version_tags" VALUES('of','the id of a logged model','main.default.copy_of_copy',1);
INSERT INTO "model_version_tags" VALUES('reviewed','yes','main.default.copy_of_copy',1);
INSERT INTO "model_version_tags" VALUES('mlflow_oci_aidp.emulator.fields','{"user_id": "ocid1.user.oc1..emulatored31e5b6d9d52752e5a0082c0439d549"}','main.default.copy_of_copy',1);
INSERT INTO "model_version_tags" VALUES('of','another store','main.default.copy',2);
INSERT INTO "model_version_tags" VALUES('mlflow_oci_aidp.emulator.fields','{"user_id": "ocid1.user.oc1..emulatored31e5b6d9d52752e5a0082c0439d549"}','main.default.copy',2);
INSERT INTO "model_version_tags" VALUES('of','a logged model in a volume','main.default.copy',3);
INSERT INTO "model_version_tags" VALUES('mlflow_oci_aidp.emulator.fields','{"user_id": "ocid1.user.oc1..emulatored31e5b6d9d52752e5a0082c0439d549"}','main.default.copy',3);
INSERT INTO "model_version_tags" VALUES('mlflow_oci_aidp.emulator.fields','{"user_id": "ocid1.user.oc1..emulatored31e5b6d9d52752e5a0082c0439d549"}','main.default.origin_renamed',1);
INSERT INTO "model_version_tags" VALUES('mlflow_oci_aidp.emulator.fields','{"user_id": "ocid1.user.oc1..emulatored31e5b6d9d52752e5a0082c0439d549"}','main.default.orphan',1);
INSERT INTO "model_version_tags" VALUES('lang','en','greeting',1);
INSERT INTO "model_version_tags" VALUES('mlflow.prompt.is_prompt','true','greeting',1);
INSERT INTO "model_version_tags" VALUES('mlflow.prompt.text','Hello {{name}}','greeting',1);
INSERT INTO "model_version_tags" VALUES('mlflow_oci_aidp.emulator.fields','{"user_id": "ocid1.user.oc1..emulatored31e5b6d9d52752e5a0082c0439d549"}','greeting',1);
INSERT INTO "model_version_tags" VALUES('mlflow.prompt.is_prompt','true','greeting',2);
INSERT INTO "model_version_tags" VALUES('mlflow.prompt.text','Hi {{name}}, größe {{size}}','greeting',2);
INSERT INTO "model_version_tags" VALUES('mlflow_oci_aidp.emulator.fields','{"user_id": "ocid1.user.oc1..emulatored31e5b6d9d52752e5a0082c0439d549"}','greeting',2);
CREATE TABLE "model_versions" (
	name VARCHAR(256) NOT NULL, 
	version INTEGER NOT NULL, 
	creation_time BIGINT, 
	last_updated_time BIGINT, 
	description VARCHAR(5000), 
	user_id VARCHAR(256), 
	current_stage VARCHAR(20), 
	source VARCHAR(500), 
	run_id VARCHAR(32), 
	status VARCHAR(20), 
	status_message VARCHAR(500), 
	run_link VARCHAR(500), storage_location VARCHAR(500), 
	CONSTRAINT model_version_pk PRIMARY KEY (name, version), 
	FOREIGN KEY(name) REFERENCES registered_models (name) ON UPDATE CASCADE
);
INSERT INTO "model_versions" VALUES('main.default.iris',1,1795657806780,1795657808326,NULL,NULL,'Archived','runs:/c07799e6937a44ce9b07b816d843a7b2/model.9b422994','c07799e6937a44ce9b07b816d843a7b2','READY',NULL,NULL,'runs:/c07799e6937a44ce9b07b816d843a7b2/model.9b422994');
INSERT INTO "model_versions" VALUES('main.default.iris',2,1795657807852,1795657808340,'the id of a logged model',NULL,'Production','runs:/c07799e6937a44ce9b07b816d843a7b2/model.855313be','c07799e6937a44ce9b07b816d843a7b2','READY',NULL,NULL,'runs:/c07799e6937a44ce9b07b816d843a7b2/model.855313be');
INSERT INTO "model_versions" VALUES('main.default.iris',3,1795657807876,1795657808352,'the name of a logged model',NULL,'Staging','runs:/c07799e6937a44ce9b07b816d843a7b2/model.9b422994','c07799e6937a44ce9b07b816d843a7b2','READY',NULL,NULL,'runs:/c07799e6937a44ce9b07b816d843a7b2/model.9b422994');
INSERT INTO "model_versions" VALUES('main.default.iris',4,1795657807905,1795657807905,'a folder of a run',NULL,'None','runs:/c07799e6937a44ce9b07b816d843a7b2/folder/deep','c07799e6937a44ce9b07b816d843a7b2','READY',NULL,NULL,'runs:/c07799e6937a44ce9b07b816d843a7b2/folder/deep');
INSERT INTO "model_versions" VALUES('main.default.iris',5,1795657807931,1795657807931,'a folder of a run, by its place',NULL,'None','runs:/c07799e6937a44ce9b07b816d843a7b2/folder','c07799e6937a44ce9b07b816d843a7b2','READY',NULL,NULL,'runs:/c07799e6937a44ce9b07b816d843a7b2/folder');
INSERT INTO "model_versions" VALUES('main.default.iris',6,1795657807939,1795657807939,'Object Storage',NULL,'None','oci://aidp-emulator@emulator/shared/model',NULL,'READY',NULL,NULL,'oci://aidp-emulator@emulator/shared/model');
INSERT INTO "model_versions" VALUES('main.default.iris',7,1795657807948,1795657807948,'another store',NULL,'None','s3://bucket/model',NULL,'READY',NULL,NULL,'s3://bucket/model');
INSERT INTO "model_versions" VALUES('main.default.iris',8,1795657807956,1795657807956,'a volume',NULL,'None','/Volumes/main/default/artifacts/shared/model',NULL,'READY',NULL,NULL,'/Volumes/main/default/artifacts/shared/model');
INSERT INTO "model_versions" VALUES('main.default.iris',9,1795657807965,1795657807965,'a volume by scheme',NULL,'None','/Volumes/main/default/artifacts/shared/model',NULL,'READY',NULL,NULL,'/Volumes/main/default/artifacts/shared/model');
INSERT INTO "model_versions" VALUES('main.default.iris',10,1795657807973,1795657807973,'a volume by scheme and authority',NULL,'None','/Volumes/main/default/artifacts/shared/model',NULL,'READY',NULL,NULL,'/Volumes/main/default/artifacts/shared/model');
INSERT INTO "model_versions" VALUES('main.default.iris',11,1795657807988,1795657807988,'a logged model in a volume',NULL,'None','runs:/22d7a72ed63d4355a6251a4ed2673e5c/in the volume.3ffd0880','22d7a72ed63d4355a6251a4ed2673e5c','READY',NULL,NULL,'runs:/22d7a72ed63d4355a6251a4ed2673e5c/in the volume.3ffd0880');
INSERT INTO "model_versions" VALUES('main.default.iris',12,1795657808002,1795657808002,'a logged model in a volume, by scheme',NULL,'None','runs:/101b1383030c493baf0f8517c5bb4d2d/by scheme.e99d59da','101b1383030c493baf0f8517c5bb4d2d','READY',NULL,NULL,'runs:/101b1383030c493baf0f8517c5bb4d2d/by scheme.e99d59da');
INSERT INTO "model_versions" VALUES('main.default.iris',13,1795657808090,1795657808090,'without a workspace',NULL,'None','aidp-emulator+models:/m-c07799e6937a44ce9b07b816d843a7b2-855313be',NULL,'READY',NULL,NULL,'aidp-emulator+models:/m-c07799e6937a44ce9b07b816d843a7b2-855313be');
INSERT INTO "model_versions" VALUES('main.default.iris',14,1795657808103,1795657808103,'without a workspace',NULL,'None','runs:/c07799e6937a44ce9b07b816d843a7b2/model',NULL,'READY',NULL,NULL,'runs:/c07799e6937a44ce9b07b816d843a7b2/model');
INSERT INTO "model_versions" VALUES('main.default.iris',15,1795657808122,1795657808122,'without a workspace',NULL,'None','runs:/c07799e6937a44ce9b07b816d843a7b2/folder',NULL,'READY',NULL,NULL,'runs:/c07799e6937a44ce9b07b816d843a7b2/folder');
INSERT INTO "model_versions" VALUES('main.default.iris',16,1795657808156,1795657808156,'by another client',NULL,'None','aidp:/Volumes/main/default/artifacts/shared/model',NULL,'READY',NULL,NULL,'aidp:/Volumes/main/default/artifacts/shared/model');
INSERT INTO "model_versions" VALUES('main.default.iris',17,1795657808178,1795657808178,'by another client',NULL,'None','runs:/00000000000000000000000000000000/model',NULL,'READY',NULL,NULL,'runs:/00000000000000000000000000000000/model');
INSERT INTO "model_versions" VALUES('main.default.iris',18,1795657808216,1795657808216,'by another client',NULL,'None','aidp-emulator+models:/m-of-another-store',NULL,'READY',NULL,NULL,'aidp-emulator+models:/m-of-another-store');
INSERT INTO "model_versions" VALUES('main.default.iris',19,1795657808372,1795657808768,NULL,NULL,'Deleted_Internal','REDACTED-SOURCE-PATH','REDACTED-RUN-ID','READY',NULL,'REDACTED-RUN-LINK','s3://bucket/deleted');
INSERT INTO "model_versions" VALUES('main.default.renamed',1,1795657808874,1795657808904,NULL,NULL,'None','runs:/c07799e6937a44ce9b07b816d843a7b2/model.9b422994','c07799e6937a44ce9b07b816d843a7b2','READY',NULL,NULL,'runs:/c07799e6937a44ce9b07b816d843a7b2/model.9b422994');
INSERT INTO "model_versions" VALUES('main.default.copy',1,1795657808928,1795657808928,'the id of a logged model',NULL,'None','aidp-emulator+models:/main.default.iris/2','c07799e6937a44ce9b07b816d843a7b2','READY',NULL,NULL,'aidp-emulator+models:/main.default.iris/2');
INSERT INTO "model_versions" VALUES('main.default.copy_of_copy',1,1795657808947,1795657808947,'the id of a logged model',NULL,'None','aidp-emulator+models:/main.default.copy/1','c07799e6937a44ce9b07b816d843a7b2','READY',NULL,NULL,'aidp-emulator+models:/main.default.copy/1');
INSERT INTO "model_versions" VALUES('main.default.copy',2,1795657808974,1795657808974,'another store',NULL,'None','aidp-emulator+models:/main.default.iris/7',NULL,'READY',NULL,NULL,'aidp-emulator+models:/main.default.iris/7');
INSERT INTO "model_versions" VALUES('main.default.copy',3,1795657809002,1795657809002,'a logged model in a volume',NULL,'None','aidp-emulator+models:/main.default.iris/11','22d7a72ed63d4355a6251a4ed2673e5c','READY',NULL,NULL,'aidp-emulator+models:/main.default.iris/11');
INSERT INTO "model_versions" VALUES('main.default.origin_renamed',1,1795657809030,1795657809061,NULL,NULL,'None','s3://bucket/origin',NULL,'READY',NULL,NULL,'s3://bucket/origin');
INSERT INTO "model_versions" VALUES('main.default.orphan',1,1795657809048,1795657809048,NULL,NULL,'None','aidp-emulator+models:/main.default.origin/1',NULL,'READY',NULL,NULL,'aidp-emulator+models:/main.default.origin/1');
INSERT INTO "model_versions" VALUES('greeting',1,1795657809078,1795657809078,'first',NULL,'None','dummy-source',NULL,'READY',NULL,NULL,'dummy-source');
INSERT INTO "model_versions" VALUES('greeting',2,1795657809129,1795657809129,'second',NULL,'None','dummy-source',NULL,'READY',NULL,NULL,'dummy-source');
CREATE TABLE "params" (
	"key" VARCHAR(250) NOT NULL, 
	value VARCHAR(8000) NOT NULL, 
	run_uuid VARCHAR(32) NOT NULL, 
	CONSTRAINT param_pk PRIMARY KEY ("key", run_uuid), 
	FOREIGN KEY(run_uuid) REFERENCES runs (run_uuid)
);
CREATE TABLE registered_model_aliases (
	alias VARCHAR(256) NOT NULL, 
	version INTEGER NOT NULL, 
	name VARCHAR(256) NOT NULL, 
	CONSTRAINT registered_model_alias_pk PRIMARY KEY (name, alias), 
	CONSTRAINT registered_model_alias_name_fkey FOREIGN KEY(name) REFERENCES registered_models (name) ON DELETE cascade ON UPDATE cascade
);
CREATE TABLE registered_model_tags (
	"key" VARCHAR(250) NOT NULL, 
	value VARCHAR(5000), 
	name VARCHAR(256) NOT NULL, 
	CONSTRAINT registered_model_tag_pk PRIMARY KEY ("key", name), 
	FOREIGN KEY(name) REFERENCES registered_models (name) ON UPDATE cascade
);
INSERT INTO "registered_model_tags" VALUES('team','ml','main.default.iris');
INSERT INTO "registered_model_tags" VALUES('mlflow_oci_aidp.alias.champion','2','main.default.iris');
INSERT INTO "registered_model_tags" VALUES('mlflow_oci_aidp.alias.Best-of_2024','2','main.default.iris');
INSERT INTO "registered_model_tags" VALUES('mlflow_oci_aidp.alias.challenger','3','main.default.iris');
INSERT INTO "registered_model_tags" VALUES('mlflow_oci_aidp.alias.in-volume','11','main.default.iris');
INSERT INTO "registered_model_tags" VALUES('mlflow_oci_aidp.alias.moved','4','main.default.iris');
INSERT INTO "registered_model_tags" VALUES('mlflow_oci_aidp.emulator.fields','{"deployment_job_id": "job-1"}','main.default.empty');
INSERT INTO "registered_model_tags" VALUES('mlflow_oci_aidp.alias.kept','1','main.default.renamed');
INSERT INTO "registered_model_tags" VALUES('mlflow_oci_aidp.alias.champion','1','main.default.copy_of_copy');
INSERT INTO "registered_model_tags" VALUES('mlflow.prompt.is_prompt','true','greeting');
INSERT INTO "registered_model_tags" VALUES('lang','en','greeting');
INSERT INTO "registered_model_tags" VALUES('mlflow_oci_aidp.alias.live','1','greeting');
CREATE TABLE registered_models (
	name VARCHAR(256) NOT NULL, 
	creation_time BIGINT, 
	last_updated_time BIGINT, 
	description VARCHAR(5000), 
	CONSTRAINT registered_model_pk PRIMARY KEY (name), 
	UNIQUE (name)
);
INSERT INTO "registered_models" VALUES('main.default.iris',1795657806726,1795657808768,'Flowers, by sepals.
Über Blüten.');
INSERT INTO "registered_models" VALUES('main.default.empty',1795657808850,1795657808850,'No versions');
INSERT INTO "registered_models" VALUES('main.default.renamed',1795657808859,1795657808904,NULL);
INSERT INTO "registered_models" VALUES('main.default.copy',1795657808922,1795657809002,NULL);
INSERT INTO "registered_models" VALUES('main.default.copy_of_copy',1795657808941,1795657808947,NULL);
INSERT INTO "registered_models" VALUES('main.default.origin_renamed',1795657809024,1795657809061,NULL);
INSERT INTO "registered_models" VALUES('main.default.orphan',1795657809042,1795657809048,NULL);
INSERT INTO "registered_models" VALUES('greeting',1795657809071,1795657809129,'first');
CREATE TABLE "runs" (
	run_uuid VARCHAR(32) NOT NULL, 
	name VARCHAR(250), 
	source_type VARCHAR(20), 
	source_name VARCHAR(500), 
	entry_point_name VARCHAR(50), 
	user_id VARCHAR(256), 
	status VARCHAR(9), 
	start_time BIGINT, 
	end_time BIGINT, 
	source_version VARCHAR(50), 
	lifecycle_stage VARCHAR(20), 
	artifact_uri VARCHAR(200), 
	experiment_id INTEGER, deleted_time BIGINT, 
	CONSTRAINT run_pk PRIMARY KEY (run_uuid), 
	CONSTRAINT runs_lifecycle_stage CHECK (lifecycle_stage IN ('active', 'deleted')), 
	CONSTRAINT source_type CHECK (source_type IN ('NOTEBOOK', 'JOB', 'LOCAL', 'UNKNOWN', 'PROJECT')), 
	FOREIGN KEY(experiment_id) REFERENCES experiments (experiment_id), 
	CHECK (status IN ('SCHEDULED', 'FAILED', 'FINISHED', 'RUNNING', 'KILLED'))
);
CREATE TABLE "tags" (
	"key" VARCHAR(250) NOT NULL, 
	value VARCHAR(8000), 
	run_uuid VARCHAR(32) NOT NULL, 
	CONSTRAINT tag_pk PRIMARY KEY ("key", run_uuid), 
	FOREIGN KEY(run_uuid) REFERENCES runs (run_uuid)
);
CREATE TABLE trace_info (
	request_id VARCHAR(50) NOT NULL, 
	experiment_id INTEGER NOT NULL, 
	timestamp_ms BIGINT NOT NULL, 
	execution_time_ms BIGINT, 
	status VARCHAR(50) NOT NULL, 
	CONSTRAINT trace_info_pk PRIMARY KEY (request_id), 
	CONSTRAINT fk_trace_info_experiment_id FOREIGN KEY(experiment_id) REFERENCES experiments (experiment_id)
);
CREATE TABLE "trace_request_metadata" (
	"key" VARCHAR(250) NOT NULL, 
	value VARCHAR(8000), 
	request_id VARCHAR(50) NOT NULL, 
	CONSTRAINT trace_request_metadata_pk PRIMARY KEY ("key", request_id), 
	CONSTRAINT fk_trace_request_metadata_request_id FOREIGN KEY(request_id) REFERENCES trace_info (request_id) ON DELETE CASCADE
);
CREATE TABLE "trace_tags" (
	"key" VARCHAR(250) NOT NULL, 
	value VARCHAR(8000), 
	request_id VARCHAR(50) NOT NULL, 
	CONSTRAINT trace_tag_pk PRIMARY KEY ("key", request_id), 
	CONSTRAINT fk_trace_tags_request_id FOREIGN KEY(request_id) REFERENCES trace_info (request_id) ON DELETE CASCADE
);
CREATE INDEX index_metrics_run_uuid ON metrics (run_uuid);
CREATE INDEX index_latest_metrics_run_uuid ON latest_metrics (run_uuid);
CREATE INDEX index_inputs_input_uuid ON inputs (input_uuid);
CREATE INDEX index_inputs_destination_type_destination_id_source_type ON inputs (destination_type, destination_id, source_type);
CREATE INDEX index_params_run_uuid ON params (run_uuid);
CREATE INDEX index_trace_info_experiment_id_timestamp_ms ON trace_info (experiment_id, timestamp_ms);
CREATE INDEX index_trace_tags_request_id ON trace_tags (request_id);
CREATE INDEX index_trace_request_metadata_request_id ON trace_request_metadata (request_id);
CREATE INDEX index_tags_run_uuid ON tags (run_uuid);
CREATE INDEX index_datasets_dataset_uuid ON datasets (dataset_uuid);
CREATE INDEX index_datasets_experiment_id_dataset_source_type ON datasets (experiment_id, dataset_source_type);
CREATE INDEX index_logged_model_metrics_model_id ON logged_model_metrics (model_id);
COMMIT;
