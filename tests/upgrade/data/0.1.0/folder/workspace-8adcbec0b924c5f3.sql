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
INSERT INTO "datasets" VALUES('48bbfc02d0c24a0e842d18e50ef6c64d',1,'iris','abc123','local','{"uri": "iris.csv"}','{}','{"rows": 150}');
CREATE TABLE experiment_tags (
	"key" VARCHAR(250) NOT NULL, 
	value VARCHAR(5000), 
	experiment_id INTEGER NOT NULL, 
	CONSTRAINT experiment_tag_pk PRIMARY KEY ("key", experiment_id), 
	FOREIGN KEY(experiment_id) REFERENCES experiments (experiment_id)
);
INSERT INTO "experiment_tags" VALUES('team','ml',1);
INSERT INTO "experiment_tags" VALUES('größe','5 µm',1);
CREATE TABLE experiments (
	experiment_id INTEGER NOT NULL, 
	name VARCHAR(256) NOT NULL, 
	artifact_location VARCHAR(256), 
	lifecycle_stage VARCHAR(32), creation_time BIGINT, last_update_time BIGINT, 
	CONSTRAINT experiment_pk PRIMARY KEY (experiment_id), 
	CONSTRAINT experiments_lifecycle_stage CHECK (lifecycle_stage IN ('active', 'deleted')), 
	UNIQUE (name)
);
INSERT INTO "experiments" VALUES(0,'Default','oci://aidp-emulator@emulator/7d0c5c1e-3f0b-4b52-9a0e-6b1f4f2d8c11/0','active',1795657803317,1795657803317);
INSERT INTO "experiments" VALUES(1,'flowers','oci://aidp-emulator@emulator/7d0c5c1e-3f0b-4b52-9a0e-6b1f4f2d8c11/1','active',1795657803353,1795657803353);
INSERT INTO "experiments" VALUES(2,'in a volume','/Volumes/main/default/artifacts/runs','active',1795657803380,1795657803380);
INSERT INTO "experiments" VALUES(3,'in a volume by scheme','/Volumes/main/default/artifacts/by-scheme','active',1795657803398,1795657803398);
INSERT INTO "experiments" VALUES(4,'elsewhere','oci://aidp-emulator@emulator/else where/é','active',1795657803416,1795657803416);
INSERT INTO "experiments" VALUES(5,'second name','oci://aidp-emulator@emulator/7d0c5c1e-3f0b-4b52-9a0e-6b1f4f2d8c11/5','active',1795657803429,1795657803461);
INSERT INTO "experiments" VALUES(6,'deleted','oci://aidp-emulator@emulator/7d0c5c1e-3f0b-4b52-9a0e-6b1f4f2d8c11/6','deleted',1795657803483,1795657803495);
CREATE TABLE input_tags (
	input_uuid VARCHAR(36) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	value VARCHAR(500) NOT NULL, 
	CONSTRAINT input_tags_pk PRIMARY KEY (input_uuid, name)
);
INSERT INTO "input_tags" VALUES('b6373bfb317c49b3ad2b976f90879010','mlflow.data.context','training');
CREATE TABLE inputs (
	input_uuid VARCHAR(36) NOT NULL, 
	source_type VARCHAR(36) NOT NULL, 
	source_id VARCHAR(36) NOT NULL, 
	destination_type VARCHAR(36) NOT NULL, 
	destination_id VARCHAR(36) NOT NULL, step BIGINT DEFAULT '0' NOT NULL, 
	CONSTRAINT inputs_pk PRIMARY KEY (source_type, source_id, destination_type, destination_id)
);
INSERT INTO "inputs" VALUES('b6373bfb317c49b3ad2b976f90879010','DATASET','48bbfc02d0c24a0e842d18e50ef6c64d','RUN','c07799e6937a44ce9b07b816d843a7b2',0);
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
INSERT INTO "latest_metrics" VALUES('loss',0.125,1002,2,0,'c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "latest_metrics" VALUES('odd',0.0,2000,-1,1,'c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "latest_metrics" VALUES('most',1.79769313486231562234e+308,2001,0,0,'c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "latest_metrics" VALUES('zero',0.0,2002,0,0,'c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "latest_metrics" VALUES('score',0.75,20,20,0,'c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "latest_metrics" VALUES('score',0.375,30,1,0,'5bd8f35ca4684459a4de180f59b366a3');
INSERT INTO "latest_metrics" VALUES('odd',0.0,31,1,1,'5bd8f35ca4684459a4de180f59b366a3');
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
INSERT INTO "metrics" VALUES('loss',0.5,1000,'c07799e6937a44ce9b07b816d843a7b2',0,0);
INSERT INTO "metrics" VALUES('loss',0.25,1001,'c07799e6937a44ce9b07b816d843a7b2',1,0);
INSERT INTO "metrics" VALUES('loss',0.125,1002,'c07799e6937a44ce9b07b816d843a7b2',2,0);
INSERT INTO "metrics" VALUES('odd',0.0,2000,'c07799e6937a44ce9b07b816d843a7b2',-1,1);
INSERT INTO "metrics" VALUES('most',1.79769313486231562234e+308,2001,'c07799e6937a44ce9b07b816d843a7b2',0,0);
INSERT INTO "metrics" VALUES('zero',0.0,2002,'c07799e6937a44ce9b07b816d843a7b2',0,0);
INSERT INTO "metrics" VALUES('score',0.25,10,'c07799e6937a44ce9b07b816d843a7b2',10,0);
INSERT INTO "metrics" VALUES('score',0.75,20,'c07799e6937a44ce9b07b816d843a7b2',20,0);
INSERT INTO "metrics" VALUES('score',0.5,15,'c07799e6937a44ce9b07b816d843a7b2',15,0);
INSERT INTO "metrics" VALUES('score',0.375,30,'5bd8f35ca4684459a4de180f59b366a3',1,0);
INSERT INTO "metrics" VALUES('odd',0.0,31,'5bd8f35ca4684459a4de180f59b366a3',1,1);
CREATE TABLE model_version_tags (
	"key" VARCHAR(250) NOT NULL, 
	value VARCHAR(5000), 
	name VARCHAR(256) NOT NULL, 
	version INTEGER NOT NULL, 
	CONSTRAINT model_version_tag_pk PRIMARY KEY ("key", name, version), 
	FOREIGN KEY(name, version) REFERENCES model_versions (name, version) ON UPDATE cascade
);
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
CREATE TABLE "params" (
	"key" VARCHAR(250) NOT NULL, 
	value VARCHAR(8000) NOT NULL, 
	run_uuid VARCHAR(32) NOT NULL, 
	CONSTRAINT param_pk PRIMARY KEY ("key", run_uuid), 
	FOREIGN KEY(run_uuid) REFERENCES runs (run_uuid)
);
INSERT INTO "params" VALUES('depth','3','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "params" VALUES('long','xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "params" VALUES('unicode','日本語 🦉','c07799e6937a44ce9b07b816d843a7b2');
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
CREATE TABLE registered_models (
	name VARCHAR(256) NOT NULL, 
	creation_time BIGINT, 
	last_updated_time BIGINT, 
	description VARCHAR(5000), 
	CONSTRAINT registered_model_pk PRIMARY KEY (name), 
	UNIQUE (name)
);
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
INSERT INTO "runs" VALUES('c07799e6937a44ce9b07b816d843a7b2','first','UNKNOWN','','','ocid1.user.oc1..emulatored31e5b6d9d52752e5a0082c0439d549','FINISHED',1795657803507,1795657806868,'','active','oci://aidp-emulator@emulator/7d0c5c1e-3f0b-4b52-9a0e-6b1f4f2d8c11/1/c07799e6937a44ce9b07b816d843a7b2/artifacts',1,NULL);
INSERT INTO "runs" VALUES('5bd8f35ca4684459a4de180f59b366a3','child','UNKNOWN','','','ocid1.user.oc1..emulatored31e5b6d9d52752e5a0082c0439d549','FAILED',1795657803840,1795657803884,'','active','oci://aidp-emulator@emulator/7d0c5c1e-3f0b-4b52-9a0e-6b1f4f2d8c11/1/5bd8f35ca4684459a4de180f59b366a3/artifacts',1,NULL);
INSERT INTO "runs" VALUES('ebaf747985c74cc381ca57c3a4f66a94','running','UNKNOWN','','','ocid1.user.oc1..emulatored31e5b6d9d52752e5a0082c0439d549','RUNNING',1795657803893,NULL,'','active','oci://aidp-emulator@emulator/7d0c5c1e-3f0b-4b52-9a0e-6b1f4f2d8c11/1/ebaf747985c74cc381ca57c3a4f66a94/artifacts',1,NULL);
INSERT INTO "runs" VALUES('fdc6ab6985cf4492a1b47218480fc2a3','killed','UNKNOWN','','','ocid1.user.oc1..emulatored31e5b6d9d52752e5a0082c0439d549','KILLED',1795657803924,1795657803956,'','active','oci://aidp-emulator@emulator/else where/é/fdc6ab6985cf4492a1b47218480fc2a3/artifacts',4,NULL);
INSERT INTO "runs" VALUES('e439e1cf4ba4436abf7aa45d7b04d08e','deleted','UNKNOWN','','','ocid1.user.oc1..emulatored31e5b6d9d52752e5a0082c0439d549','FINISHED',1795657803961,1795657803978,'','deleted','oci://aidp-emulator@emulator/7d0c5c1e-3f0b-4b52-9a0e-6b1f4f2d8c11/1/e439e1cf4ba4436abf7aa45d7b04d08e/artifacts',1,1795657803984);
INSERT INTO "runs" VALUES('22d7a72ed63d4355a6251a4ed2673e5c','volume','UNKNOWN','','','ocid1.user.oc1..emulatored31e5b6d9d52752e5a0082c0439d549','FINISHED',1795657803985,1795657807128,'','active','/Volumes/main/default/artifacts/runs/22d7a72ed63d4355a6251a4ed2673e5c/artifacts',2,NULL);
INSERT INTO "runs" VALUES('101b1383030c493baf0f8517c5bb4d2d','scheme','UNKNOWN','','','ocid1.user.oc1..emulatored31e5b6d9d52752e5a0082c0439d549','FINISHED',1795657804079,1795657807268,'','active','/Volumes/main/default/artifacts/by-scheme/101b1383030c493baf0f8517c5bb4d2d/artifacts',3,NULL);
INSERT INTO "runs" VALUES('09efea4d946c4562abee03f10cb8e16f','alone','UNKNOWN','','','ocid1.user.oc1..emulatored31e5b6d9d52752e5a0082c0439d549','FINISHED',1795657807582,1795657807627,'','active','oci://aidp-emulator@emulator/7d0c5c1e-3f0b-4b52-9a0e-6b1f4f2d8c11/1/09efea4d946c4562abee03f10cb8e16f/artifacts',1,NULL);
INSERT INTO "runs" VALUES('de5aaf84ed714086b9f2035ffef0b5b3','alone and pending','UNKNOWN','','','ocid1.user.oc1..emulatored31e5b6d9d52752e5a0082c0439d549','RUNNING',1795657807636,NULL,'','active','oci://aidp-emulator@emulator/7d0c5c1e-3f0b-4b52-9a0e-6b1f4f2d8c11/1/de5aaf84ed714086b9f2035ffef0b5b3/artifacts',1,NULL);
CREATE TABLE "tags" (
	"key" VARCHAR(250) NOT NULL, 
	value VARCHAR(8000), 
	run_uuid VARCHAR(32) NOT NULL, 
	CONSTRAINT tag_pk PRIMARY KEY ("key", run_uuid), 
	FOREIGN KEY(run_uuid) REFERENCES runs (run_uuid)
);
INSERT INTO "tags" VALUES('team','ml','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('note','line one
line two','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow.runName','first','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('batch','yes','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow.parentRunId','c07799e6937a44ce9b07b816d843a7b2','5bd8f35ca4684459a4de180f59b366a3');
INSERT INTO "tags" VALUES('mlflow.runName','child','5bd8f35ca4684459a4de180f59b366a3');
INSERT INTO "tags" VALUES('mlflow.runName','running','ebaf747985c74cc381ca57c3a4f66a94');
INSERT INTO "tags" VALUES('mlflow.runName','killed','fdc6ab6985cf4492a1b47218480fc2a3');
INSERT INTO "tags" VALUES('mlflow.runName','deleted','e439e1cf4ba4436abf7aa45d7b04d08e');
INSERT INTO "tags" VALUES('mlflow.runName','volume','22d7a72ed63d4355a6251a4ed2673e5c');
INSERT INTO "tags" VALUES('mlflow.runName','scheme','101b1383030c493baf0f8517c5bb4d2d');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_models','true','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.855313be.status','{"status":"READY","updated":1795657806248,"recorded":true}','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.855313be.tag.mlflow.user','somebody','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.855313be.tag.mlflow.source.name','train.py','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.855313be.tag.mlflow.source.type','LOCAL','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.855313be.tag.mlflow.source.git.commit','0000000000000000000000000000000000000000','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.855313be.params.001a2158baeb0b580dd99.0','{"depth":"3","long":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx","unicode":"\u65e5\u672c\u8a9e \ud83e\udd89"}','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.855313be','{"name":"model","type":"tree","folder":"model.855313be","created":1795657805488}','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.model_output.m-c07799e6937a44ce9b07b816d843a7b2-855313be','0','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.855313be.metric.abaecfe72e5e4aa5','{"key":"loss","value":0.5,"timestamp":1000,"step":0,"run_id":"c07799e6937a44ce9b07b816d843a7b2"}','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.855313be.metric.0eb073da96093ba6','{"key":"most","value":"Infinity","timestamp":2001,"step":0,"run_id":"c07799e6937a44ce9b07b816d843a7b2"}','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.855313be.metric.801a30f148cb13fa','{"key":"zero","value":0.0,"timestamp":2002,"step":0,"run_id":"c07799e6937a44ce9b07b816d843a7b2"}','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow.log-model.history','[{"run_id": "c07799e6937a44ce9b07b816d843a7b2", "artifact_path": "model.855313be", "utc_time_created": "2026-11-26 01:50:05.573946", "flavors": {"python_function": {"cloudpickle_version": "3.1.3", "code": null, "env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"}, "loader_module": "mlflow.pyfunc.loaders.code_model", "model_code_path": "/tmp/tmpcx9qfduf/model.py", "python_version": "3.11.7", "streamable": false}}, "model_uuid": "m-c07799e6937a44ce9b07b816d843a7b2-855313be"}, {"run_id": "c07799e6937a44ce9b07b816d843a7b2", "artifact_path": "model.9b422994", "utc_time_created": "2026-11-26 01:50:06.472586", "flavors": {"python_function": {"cloudpickle_version": "3.1.3", "code": null, "env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"}, "loader_module": "mlflow.pyfunc.loaders.code_model", "model_code_path": "/tmp/tmpbz6m8_ir/model.py", "python_version": "3.11.7", "streamable": false}}, "model_uuid": "m-c07799e6937a44ce9b07b816d843a7b2-9b422994"}]','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.9b422994.status','{"status":"READY","updated":1795657806644,"recorded":true}','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.9b422994.tag.mlflow.user','somebody','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.9b422994.tag.mlflow.source.name','train.py','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.9b422994.tag.mlflow.source.type','LOCAL','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.9b422994.tag.mlflow.source.git.commit','0000000000000000000000000000000000000000','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.9b422994.params.001a2158bb2118db81833.0','{"depth":"3","long":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx","unicode":"\u65e5\u672c\u8a9e \ud83e\udd89"}','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.9b422994','{"name":"model","folder":"model.9b422994","created":1795657806353}','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.model_output.m-c07799e6937a44ce9b07b816d843a7b2-9b422994','0','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.9b422994.metric.abaecfe72e5e4aa5','{"key":"loss","value":0.5,"timestamp":1000,"step":0,"run_id":"c07799e6937a44ce9b07b816d843a7b2"}','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.9b422994.metric.0eb073da96093ba6','{"key":"most","value":"Infinity","timestamp":2001,"step":0,"run_id":"c07799e6937a44ce9b07b816d843a7b2"}','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.9b422994.metric.801a30f148cb13fa','{"key":"zero","value":0.0,"timestamp":2002,"step":0,"run_id":"c07799e6937a44ce9b07b816d843a7b2"}','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.9b422994.tag.mlflow.modelVersions','[{"name": "main.default.iris", "version": "1"}]','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_models','true','22d7a72ed63d4355a6251a4ed2673e5c');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.3ffd0880.status','{"status":"READY","updated":1795657807117,"recorded":true}','22d7a72ed63d4355a6251a4ed2673e5c');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.3ffd0880.tag.mlflow.user','somebody','22d7a72ed63d4355a6251a4ed2673e5c');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.3ffd0880.tag.mlflow.source.name','train.py','22d7a72ed63d4355a6251a4ed2673e5c');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.3ffd0880.tag.mlflow.source.type','LOCAL','22d7a72ed63d4355a6251a4ed2673e5c');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.3ffd0880.tag.mlflow.source.git.commit','0000000000000000000000000000000000000000','22d7a72ed63d4355a6251a4ed2673e5c');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.3ffd0880','{"name":"in the volume","folder":"in the volume.3ffd0880","created":1795657806992}','22d7a72ed63d4355a6251a4ed2673e5c');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.model_output.m-22d7a72ed63d4355a6251a4ed2673e5c-3ffd0880','0','22d7a72ed63d4355a6251a4ed2673e5c');
INSERT INTO "tags" VALUES('mlflow.log-model.history','[{"run_id": "22d7a72ed63d4355a6251a4ed2673e5c", "artifact_path": "in the volume.3ffd0880", "utc_time_created": "2026-11-26 01:50:07.042367", "flavors": {"python_function": {"cloudpickle_version": "3.1.3", "code": null, "env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"}, "loader_module": "mlflow.pyfunc.loaders.code_model", "model_code_path": "/tmp/tmpzbzo4m88/model.py", "python_version": "3.11.7", "streamable": false}}, "model_uuid": "m-22d7a72ed63d4355a6251a4ed2673e5c-3ffd0880"}]','22d7a72ed63d4355a6251a4ed2673e5c');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_models','true','101b1383030c493baf0f8517c5bb4d2d');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.e99d59da.status','{"status":"READY","updated":1795657807239,"recorded":true}','101b1383030c493baf0f8517c5bb4d2d');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.e99d59da.tag.mlflow.user','somebody','101b1383030c493baf0f8517c5bb4d2d');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.e99d59da.tag.mlflow.source.name','train.py','101b1383030c493baf0f8517c5bb4d2d');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.e99d59da.tag.mlflow.source.type','LOCAL','101b1383030c493baf0f8517c5bb4d2d');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.e99d59da.tag.mlflow.source.git.commit','0000000000000000000000000000000000000000','101b1383030c493baf0f8517c5bb4d2d');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.e99d59da','{"name":"by scheme","folder":"by scheme.e99d59da","created":1795657807161}','101b1383030c493baf0f8517c5bb4d2d');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.model_output.m-101b1383030c493baf0f8517c5bb4d2d-e99d59da','0','101b1383030c493baf0f8517c5bb4d2d');
INSERT INTO "tags" VALUES('mlflow.log-model.history','[{"run_id": "101b1383030c493baf0f8517c5bb4d2d", "artifact_path": "by scheme.e99d59da", "utc_time_created": "2026-11-26 01:50:07.185462", "flavors": {"python_function": {"cloudpickle_version": "3.1.3", "code": null, "env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"}, "loader_module": "mlflow.pyfunc.loaders.code_model", "model_code_path": "/tmp/tmpt9m9mof9/model.py", "python_version": "3.11.7", "streamable": false}}, "model_uuid": "m-101b1383030c493baf0f8517c5bb4d2d-e99d59da"}]','101b1383030c493baf0f8517c5bb4d2d');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.acb8ff8f.status','{"status":"PENDING","updated":1795657807317}','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.acb8ff8f.tag.team','ml','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.acb8ff8f.tag.größe','µ','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.acb8ff8f','{"name":"pending","type":"tree","folder":"pending.acb8ff8f","created":1795657807317}','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.178113c6.status','{"status":"FAILED","updated":1795657807556}','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.178113c6.params.001a2158bb6114f655368.0','{"long":"\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.178113c6.params.001a2158bb6114f655368.1','\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.178113c6.params.001a2158bb6114f655368.2','65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.178113c6.params.001a2158bb6114f655368.3','e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.178113c6.params.001a2158bb6114f655368.4','x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.178113c6.params.001a2158bb6114f655368.5','u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x\u65e5x","depth":"3"}','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.178113c6','{"name":"odd-model+1 (\u00e4)","folder":"odd-model+1 ___.178113c6","created":1795657807377}','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.178113c6.params.001a2158bb6acca700a12.0','{"later":"1"}','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_models','true','09efea4d946c4562abee03f10cb8e16f');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.6c2a9971.status','{"status":"READY","updated":1795657807627}','09efea4d946c4562abee03f10cb8e16f');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.6c2a9971.tag.team','ml','09efea4d946c4562abee03f10cb8e16f');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.6c2a9971.params.001a2158bb6def6371426.0','{"depth":"9"}','09efea4d946c4562abee03f10cb8e16f');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.6c2a9971','{"name":"alone","folder":"alone.6c2a9971","created":1795657807582,"owns_run":true}','09efea4d946c4562abee03f10cb8e16f');
INSERT INTO "tags" VALUES('mlflow.runName','alone','09efea4d946c4562abee03f10cb8e16f');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_models','true','de5aaf84ed714086b9f2035ffef0b5b3');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.fc5db56c.status','{"status":"PENDING","updated":1795657807636}','de5aaf84ed714086b9f2035ffef0b5b3');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.fc5db56c','{"name":"alone and pending","folder":"alone and pending.fc5db56c","created":1795657807636,"owns_run":true}','de5aaf84ed714086b9f2035ffef0b5b3');
INSERT INTO "tags" VALUES('mlflow.runName','alone and pending','de5aaf84ed714086b9f2035ffef0b5b3');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.855313be.tag.team','ml','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.855313be.metric.cdddaf6272d72013','{"key":"score","value":0.75,"timestamp":20,"step":20,"dataset_name":"train","dataset_digest":"digest-train","run_id":"c07799e6937a44ce9b07b816d843a7b2"}','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.855313be.metric.e0bbdfdecbddc525','{"key":"score","value":0.5,"timestamp":15,"step":15,"dataset_name":"test","dataset_digest":"digest-test","run_id":"c07799e6937a44ce9b07b816d843a7b2"}','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.9b422994.metric.830955dac6e7e9ee','{"key":"score","value":0.375,"timestamp":30,"step":1,"run_id":"5bd8f35ca4684459a4de180f59b366a3"}','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.logged_model.9b422994.metric.ca86ff7ce3233a6c','{"key":"odd","value":"NaN","timestamp":31,"step":1,"run_id":"5bd8f35ca4684459a4de180f59b366a3"}','c07799e6937a44ce9b07b816d843a7b2');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.model_input.m-c07799e6937a44ce9b07b816d843a7b2-855313be','true','5bd8f35ca4684459a4de180f59b366a3');
INSERT INTO "tags" VALUES('mlflow_oci_aidp.model_output.m-c07799e6937a44ce9b07b816d843a7b2-acb8ff8f','7','5bd8f35ca4684459a4de180f59b366a3');
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
